// The one timer of a portable engine: it wakes the engine when the first of its times has come.
import { keepAlive } from './keep-alive'
import { never } from './never'

/** A timer takes no longer time. */
const longest = 0x7fffffff

export class Alarm {
  private timer: ReturnType<typeof setTimeout> | undefined
  private at = never
  private referenced = true

  constructor(
    private readonly wake: () => void,
    /** The client neither is connected nor on its way there. */
    private readonly rests: () => boolean,
  ) {}

  /** Wakes at the time `due`, or earlier; `never`: not at all. */
  set(due: number, now: number): void {
    if (due === never) {
      this.stop()
      this.at = never
    } else if (due < this.at) {
      this.stop()
      this.at = due
      this.timer = setTimeout(
        () => {
          this.at = never
          this.wake()
        },
        Math.min(longest, Math.max(0, Math.ceil(due - now))),
      )
    }
    this.hold(this.referenced)
  }
  stop(): void {
    clearTimeout(this.timer)
  }

  /** Where timers keep a program alive, they do so for a client that is connected or on its way there. */
  hold(referenced: boolean): void {
    this.referenced = referenced
    keepAlive(this.timer, referenced && !this.rests())
  }
}
