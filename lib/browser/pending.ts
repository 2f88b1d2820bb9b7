// Promises that wait for the engine, in few bytes. Takes the place of lib/client/pending.ts.
import type { Settlement } from '../client/engine'
import { type Kind, aborted, nameOf, settlementError } from '../client/endings'

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
  /** Takes the listener off the signal. */
  release(): void
  what: string
}

export class Pending {
  private readonly waiting = new Map<number, Waiting>()
  private last = 0

  /** A promise and the token under which the engine settles it. `source.cancel` is called when the signal aborts. */
  add<T>(
    kind: Kind,
    type: string,
    signal: AbortSignal | undefined,
    source: { cancel(token: number): void },
  ): { token: number; promise: Promise<T> } {
    const what = nameOf(kind, type)
    // A page does not live until the numbers begin again.
    const token = ++this.last
    const promise = new Promise<T>((resolve, reject) => {
      const abort = (): void => {
        source.cancel(token)
        this.reject(token, aborted(what, signal as AbortSignal))
      }
      signal?.addEventListener('abort', abort)
      const release = (): void => signal?.removeEventListener('abort', abort)
      this.waiting.set(token, { resolve: resolve, reject, release, what })
    })
    return { token, promise }
  }

  private take(token: number): Waiting | undefined {
    const one = this.waiting.get(token)
    this.waiting.delete(token)
    one?.release()
    return one
  }

  /** Nobody was told of its promise. */
  forget(token: number): void {
    this.take(token)
  }
  has(token: number): boolean {
    return this.waiting.has(token)
  }
  resolve(token: number, value?: unknown): void {
    this.take(token)?.resolve(value)
  }
  reject(token: number, error: unknown): void {
    this.take(token)?.reject(error)
  }
  settled(token: number, how: Settlement): void {
    const one = this.take(token)
    if (how === 'done') one?.resolve(undefined)
    else one?.reject(settlementError(one.what, how))
  }
  rejectAll(how: Settlement): void {
    for (const token of [...this.waiting.keys()]) this.settled(token, how)
  }
}
