// The W3C face of a socket: `onopen` and its kind, `addEventListener`. Nothing here costs a socket that does not use it.
import { EventListeners, type Handler, type ListenerOptions, type SocketEventListener } from './event-target'
import { SocketEmitter } from './socket-emitter'
import type { CloseEvent, ErrorEvent, MessageEvent, SocketEvent, SocketEventMap } from './socket-events'
import { Extra, Flag } from './socket-state'

type On<This, E> = ((this: This, event: E) => unknown) | null

export abstract class SocketTarget extends SocketEmitter {
  /** @internal */ _flags = 0
  /** @internal */ _extra: Extra | null = null

  /** Called when the connection is ready. */
  get onopen(): On<this, SocketEvent> {
    return this.handler('open')
  }
  set onopen(handler: On<this, SocketEvent>) {
    this.setHandler('open', handler)
  }
  /** Called with each message. */
  get onmessage(): On<this, MessageEvent> {
    return this.handler('message')
  }
  set onmessage(handler: On<this, MessageEvent>) {
    this.setHandler('message', handler)
  }
  /** Called with what went wrong. */
  get onerror(): On<this, ErrorEvent> {
    return this.handler('error')
  }
  set onerror(handler: On<this, ErrorEvent>) {
    this.setHandler('error', handler)
  }
  /** Called when the connection is gone. */
  get onclose(): On<this, CloseEvent> {
    return this.handler('close')
  }
  set onclose(handler: On<this, CloseEvent>) {
    this.setHandler('close', handler)
  }

  /** Adds a W3C listener of 'open', 'message', 'error' or 'close'; it gets one event object. */
  addEventListener<T extends keyof SocketEventMap>(
    type: T,
    listener: SocketEventListener<SocketEventMap[T]> | null,
    options?: ListenerOptions | boolean,
  ): void {
    this.targets().add(type, listener, options)
  }
  /** Takes a W3C listener away. */
  removeEventListener<T extends keyof SocketEventMap>(
    type: T,
    listener: SocketEventListener<SocketEventMap[T]> | null,
    _options?: ListenerOptions | boolean,
  ): void {
    this._extra?.listeners?.remove(type, listener)
  }
  /** Hands an event to the W3C listeners of its type. Always true, since no event can be cancelled. */
  dispatchEvent(event: SocketEvent): boolean {
    this._extra?.listeners?.dispatch(this, event)
    return true
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- each attribute has its own type
  private handler<H>(type: string): H | null {
    return (this._extra?.listeners?.attribute(type) ?? null) as H | null
  }
  private setHandler(type: string, handler: Handler | null): void {
    this.targets().setAttribute(type, handler)
  }
  private targets(): EventListeners {
    this._flags |= Flag.dom
    this._extra ??= new Extra()
    return (this._extra.listeners ??= new EventListeners())
  }
}
