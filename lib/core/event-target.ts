// The W3C side of events: listeners, handler attributes and dispatch. A socket without W3C listeners has none of this.
import { HawserTypeError } from './error'
import { report } from './report'
import { SocketEvent } from './socket-events'
import { shown } from './validate'

/** A function, or an object with a method `handleEvent`. */
export type SocketEventListener<E> = ((event: E) => unknown) | { handleEvent(event: E): unknown }

/** As in the DOM; `capture` and `passive` are taken and mean nothing. */
export interface ListenerOptions {
  /** The listener is removed before its first call. */
  once?: boolean
  /** The listener is removed when the signal aborts. */
  signal?: AbortSignal
  capture?: boolean
  passive?: boolean
}

type AnyListener = SocketEventListener<SocketEvent>
export type Handler = (event: never) => unknown

interface Entry {
  listener: AnyListener
  once: boolean
  /** Set for `onmessage` and its kind: `this` is the target and the place in the order stays when it is exchanged. */
  attribute: boolean
  removed: boolean
}

export class EventListeners {
  private readonly entries = new Map<string, Entry[]>()

  /** True while there is a listener of any kind. */
  get any(): boolean {
    return this.entries.size > 0
  }

  has(type: string): boolean {
    return this.entries.has(type)
  }

  add(type: string, listener: unknown, options: ListenerOptions | boolean | undefined): void {
    if (listener === null || listener === undefined) return
    if (typeof listener !== 'function' && typeof listener !== 'object') {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `\`listener\` must be a function or an object with \`handleEvent\`, not ${shown(listener)}`,
      )
    }
    const { once, signal }: ListenerOptions = typeof options === 'object' ? options : {}
    if (signal?.aborted === true) return
    const list = this.entries.get(type)
    if (list?.some((entry) => !entry.attribute && entry.listener === listener)) return
    const entry: Entry = {
      listener: listener as AnyListener,
      once: once === true,
      attribute: false,
      removed: false,
    }
    this.insert(type, entry)
    signal?.addEventListener('abort', () => this.drop(type, entry), { once: true })
  }

  remove(type: string, listener: unknown): void {
    const entry = this.entries.get(type)?.find((item) => !item.attribute && item.listener === listener)
    if (entry !== undefined) this.drop(type, entry)
  }

  attribute(type: string): Handler | null {
    const entry = this.entries.get(type)?.find((item) => item.attribute)
    return entry === undefined ? null : (entry.listener as Handler)
  }

  setAttribute(type: string, handler: unknown): void {
    const entry = this.entries.get(type)?.find((item) => item.attribute)
    if (typeof handler !== 'function') {
      if (entry !== undefined) this.drop(type, entry)
    } else if (entry !== undefined) {
      entry.listener = handler as AnyListener
    } else {
      this.insert(type, { listener: handler as AnyListener, once: false, attribute: true, removed: false })
    }
  }

  /** Calls the listeners in order. What one throws is reported as uncaught and does not keep the others from the event. */
  dispatch(target: object, event: SocketEvent): void {
    const list = this.entries.get(event.type)
    if (list === undefined) return
    // Lists are never changed in place, so this one holds those that were there at the start.
    for (const entry of list) {
      if (entry.removed) continue
      if (entry.once) this.drop(event.type, entry)
      try {
        const { listener } = entry
        if (typeof listener === 'function') listener.call(target, event)
        else listener.handleEvent(event)
      } catch (error) {
        report(error)
      }
      if (event._stopped) return
    }
  }

  private insert(type: string, entry: Entry): void {
    this.entries.set(type, [...(this.entries.get(type) ?? []), entry])
  }

  private drop(type: string, entry: Entry): void {
    if (entry.removed) return
    entry.removed = true
    const rest = (this.entries.get(type) ?? []).filter((item) => item !== entry)
    if (rest.length > 0) this.entries.set(type, rest)
    else this.entries.delete(type)
  }
}
