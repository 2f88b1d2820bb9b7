// When heartbeat messages are due on an open link, and when their answers are. Times are passed in.
import { never } from './never'

/** A timer that comes so late has been held back, and the answer it waits for with it. */
const late = 1_000

export class Heartbeat {
  private next = never
  private answerBy = never
  /** When the one that has no answer yet was sent. */
  sent: number | undefined

  constructor(private readonly settings: { interval: number; timeout: number }) {}

  begin(now: number): void {
    this.next = now + this.settings.interval
  }
  end(): void {
    this.next = this.answerBy = never
    this.sent = undefined
  }
  /** Looks at once whether the link lives. */
  probe(now: number): void {
    if (this.next !== never && this.answerBy === never) this.next = now
  }

  /** What is to be done now: send one, or give the link up. */
  due(now: number): 'send' | 'lost' | undefined {
    const { interval, timeout } = this.settings
    if (now >= this.answerBy) {
      if (now < this.answerBy + late) return 'lost'
      // The page, or the machine, slept: the answer may lie behind this timer.
      this.answerBy = now + timeout
    }
    if (now < this.next || this.answerBy !== never) return undefined
    this.next = now + interval
    this.sent = now
    this.answerBy = now + timeout
    return 'send'
  }
  /** The milliseconds that the answer took; undefined: none was waited for. */
  answered(now: number): number | undefined {
    const { sent } = this
    if (sent === undefined) return undefined
    this.sent = undefined
    this.answerBy = never
    return now - sent
  }

  get deadline(): number {
    return this.answerBy !== never ? this.answerBy : this.next
  }
}
