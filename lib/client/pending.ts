// Promises that wait for the engine: acks, durable sends and requests, by token.
import { HawserRangeError } from '../core/error'
import { shown } from '../core/validate'
import { type Kind, aborted, nameOf, settlementError } from './endings'
import type { Settlement } from './engine'

interface Waiting {
  token: number
  resolve(value: unknown): void
  reject(error: unknown): void
  /** Takes the listener off the signal. */
  release: (() => void) | undefined
  kind: Kind
  type: string
}

/** Slots of a table that has been used once; a power of two. */
const fewest = 16
/** Slots that are kept while nobody waits. */
const most = 1024

export class Pending {
  // Tokens count up, so a token's place is its last bits. Unlike a Map this makes no garbage as they come and go.
  private slots: (Waiting | undefined)[] | undefined
  private count = 0
  private last = 0

  /**
   * A promise and the token under which the engine settles it. `source.cancel` is called when the signal aborts. At most
   * half of the slots are in use, so on average one step finds a free one.
   */
  add<T>(
    kind: Kind,
    type: string,
    signal: AbortSignal | undefined,
    source: { cancel(token: number): void },
  ): { token: number; promise: Promise<T> } {
    const slots = this.withRoom()
    let token = this.last
    // 0 stands for "nobody waits".
    do token = (token + 1) >>> 0
    while (token === 0 || slots[token & (slots.length - 1)] !== undefined)
    this.last = token
    const place = token & (slots.length - 1)
    const promise = new Promise<T>((resolve, reject) => {
      slots[place] = { token, resolve, reject, release: undefined, kind, type }
    })
    this.count++
    if (signal !== undefined) {
      const one = slots[place] as Waiting
      const abort = (): void => {
        if (!this.has(token)) return
        source.cancel(token)
        this.reject(token, aborted(nameOf(kind, type), signal))
      }
      signal.addEventListener('abort', abort)
      one.release = () => signal.removeEventListener('abort', abort)
    }
    return { token, promise }
  }

  private withRoom(): (Waiting | undefined)[] {
    const slots = (this.slots ??= new Array<Waiting | undefined>(fewest).fill(undefined))
    if (this.count * 2 < slots.length) return slots
    const more = new Array<Waiting | undefined>(slots.length * 2).fill(undefined)
    for (const one of slots) if (one !== undefined) more[one.token & (more.length - 1)] = one
    return (this.slots = more)
  }

  private find(token: number): Waiting | undefined {
    const { slots } = this
    if (slots === undefined) return undefined
    const one = slots[token & (slots.length - 1)]
    return one?.token === token ? one : undefined
  }

  private take(token: number): Waiting | undefined {
    const one = this.find(token)
    if (one === undefined) return undefined
    const slots = this.slots as (Waiting | undefined)[]
    slots[token & (slots.length - 1)] = undefined
    // What many needed once is not kept for ever.
    if (--this.count === 0 && slots.length > most) this.slots = undefined
    one.release?.()
    return one
  }

  /** Nobody was told of its promise. */
  forget(token: number): void {
    this.take(token)
  }
  has(token: number): boolean {
    return this.find(token) !== undefined
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
    else one?.reject(settlementError(nameOf(one.kind, one.type), how))
  }
  rejectAll(how: Exclude<Settlement, 'done'>): void {
    const waiting = (this.slots ?? []).filter((one) => one !== undefined)
    // In the order in which they were asked, also where the count has begun again.
    const age = (one: Waiting): number => (this.last - one.token) >>> 0
    waiting.sort((a, b) => age(b) - age(a))
    for (const { token } of waiting) this.settled(token, how)
  }
}

/** Throws INVALID_OPTION: a time in milliseconds that an option of a call sets. */
export function checkTime(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0x7fffffff) return value
  throw new HawserRangeError(
    'INVALID_OPTION',
    `Option \`${name}\` must be a whole number of milliseconds from 1 to 2147483647, not ${shown(value)}`,
  )
}
