// Messages that have come and wait for the program: for its first turn after it was connected, since it asked for it, or
// until what they need is loaded. The end of their connection waits behind them.
import { sizeOf } from './size'

export class Held {
  /** The program had its turn after the first connection. */
  started = false
  bytes = 0
  private waiting: (string | Uint8Array)[] = []
  private end: (() => void) | undefined

  constructor(
    private readonly connected: () => boolean,
    private readonly blocked: () => boolean,
    private readonly take: (data: string | Uint8Array, bytes: number) => void,
  ) {}

  /** What comes before the client is connected, an answer to the token say, is read. */
  get mayTake(): boolean {
    return !this.blocked() && (this.started || !this.connected())
  }

  offer(data: string | Uint8Array, bytes: number): void {
    if (this.waiting.length === 0 && this.mayTake) {
      this.take(data, bytes)
      return
    }
    this.waiting.push(data)
    this.bytes += bytes
  }
  /** Ahead of all others. */
  before(text: string): void {
    this.waiting.unshift(text)
    this.bytes += sizeOf(text)
  }
  offerEnd(end: () => void): void {
    if (this.waiting.length > 0) this.end = end
    else end()
  }

  release(): void {
    while (this.waiting.length > 0 && this.mayTake) {
      const data = this.waiting.shift() as string | Uint8Array
      const bytes = sizeOf(data)
      this.bytes -= bytes
      this.take(data, bytes)
    }
    if (this.waiting.length > 0) return
    const { end } = this
    this.end = undefined
    end?.()
  }
  /** Nobody wants to hear of that connection any more. */
  clear(): void {
    this.waiting = []
    this.bytes = 0
    this.end = undefined
  }
}
