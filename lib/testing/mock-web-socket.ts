// A WebSocket without a network, in both shapes: the test says when it opens, what arrives and how it ends.
import { HawserError, HawserTypeError } from '../core/error'

type Listener = (...args: never[]) => unknown
type EventName = 'open' | 'message' | 'error' | 'close'

/**
 * Takes the place of `WebSocket`, hawser's or a browser's, where a program can be given a class (`WebSocketCtor`).
 *
 * @example
 * const prices$ = webSocket({ url: 'ws://far.example', WebSocketCtor: MockWebSocket })
 * prices$.subscribe(console.log)
 * const [socket] = MockWebSocket.instances
 * socket.simulateOpen()
 * socket.simulateMessage({ price: 1 })
 */
export class MockWebSocket {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  /** All that were made, since `reset()`. */
  static instances: MockWebSocket[] = []
  static reset(): void {
    MockWebSocket.instances = []
  }

  readyState: 0 | 1 | 2 | 3 = 0
  binaryType = 'nodebuffer'
  protocol = ''
  readonly url: string
  readonly protocols: readonly string[]
  /** What was sent, in order. */
  readonly sent: unknown[] = []
  /** What `close` was called with first. */
  closedWith: { code: number | undefined; reason: string | undefined } | undefined
  onopen: ((event: { type: 'open' }) => unknown) | null = null
  onmessage: ((event: { type: 'message'; data: unknown }) => unknown) | null = null
  onerror: ((event: { type: 'error'; error: Error; message: string }) => unknown) | null = null
  onclose: ((event: { type: 'close'; code: number; reason: string; wasClean: boolean }) => unknown) | null =
    null
  /** Emitter listeners get arguments, W3C listeners the event. */
  private readonly listeners = new Map<string, Map<Listener, 'arguments' | 'event'>>()

  constructor(url: string | URL, protocols: string | readonly string[] = [], _options?: object) {
    this.url = String(url)
    this.protocols = typeof protocols === 'string' ? [protocols] : [...protocols]
    MockWebSocket.instances.push(this)
  }

  // ------------------------------------------------------------------------------------------- what the program calls

  send(data: unknown, ..._rest: unknown[]): boolean {
    if (this.readyState === 0) {
      throw new HawserError('INVALID_STATE', 'The socket is still connecting: simulateOpen() comes first')
    }
    if (this.readyState !== 1) return false
    this.sent.push(data)
    return true
  }

  /** The peer answers at once. */
  close(code?: number, reason?: string): void {
    if (this.readyState >= 2) return
    this.closedWith = { code, reason }
    const opening = this.readyState === 0
    this.readyState = 2
    if (opening) this.end(1006, '', false)
    else this.end(code ?? 1005, reason ?? '', true)
  }
  terminate(): void {
    if (this.readyState < 3) this.end(1006, '', false)
  }

  on(name: string, listener: Listener): this {
    return this.listen(name, listener, 'arguments')
  }
  off(name: string, listener: Listener): this {
    this.listeners.get(name)?.delete(listener)
    return this
  }
  addEventListener(name: string, listener: Listener): void {
    this.listen(name, listener, 'event')
  }
  removeEventListener(name: string, listener: Listener): void {
    this.off(name, listener)
  }

  // ---------------------------------------------------------------------------------------------- what the test calls

  /** What was sent, parsed. */
  get sentMessages(): unknown[] {
    return this.sent.map((data) => JSON.parse(String(data)) as unknown)
  }

  /** The connection is there, with this subprotocol. */
  simulateOpen(protocol = ''): void {
    if (this.readyState !== 0) throw misuse('simulateOpen', 'of a socket that is connecting')
    this.readyState = 1
    this.protocol = protocol
    this.dispatch('open', { type: 'open' }, [])
  }

  /** A message arrives: strings and bytes as they are, anything else as JSON. */
  simulateMessage(message: unknown): void {
    if (this.readyState !== 1) throw misuse('simulateMessage', 'of a socket that is open')
    const binary = message instanceof ArrayBuffer || ArrayBuffer.isView(message)
    const data = typeof message === 'string' || binary ? message : JSON.stringify(message)
    this.dispatch('message', { type: 'message', data }, [data, binary])
  }

  /** The peer closes. */
  simulateClose(code = 1000, reason = ''): void {
    if (this.readyState < 3) this.end(code, reason, true)
  }

  /** The connection is lost without a close frame; before it was open, it is refused. */
  simulateDisconnection(): void {
    if (this.readyState === 3) return
    this.simulateError(new HawserError(this.readyState === 0 ? 'CONNECTION_REFUSED' : 'CONNECTION_LOST'))
    this.end(1006, '', false)
  }

  /** An error is told, and nothing else happens. */
  simulateError(error: Error = new HawserError('CONNECTION_FAILED')): void {
    this.dispatch('error', { type: 'error', error, message: error.message }, [error])
  }

  private end(code: number, reason: string, wasClean: boolean): void {
    this.readyState = 3
    this.dispatch('close', { type: 'close', code, reason, wasClean }, [code, reason])
  }

  private listen(name: string, listener: Listener, shape: 'arguments' | 'event'): this {
    const set = this.listeners.get(name) ?? new Map<Listener, 'arguments' | 'event'>()
    this.listeners.set(name, set.set(listener, shape))
    return this
  }

  private dispatch(name: EventName, event: object, args: unknown[]): void {
    const target = { ...event, target: this }
    const handler = this[`on${name}`] as ((event: object) => unknown) | null
    handler?.call(this, target)
    for (const [listener, shape] of [...(this.listeners.get(name) ?? [])]) {
      listener.apply(this, (shape === 'event' ? [target] : args) as never[])
    }
  }
}

function misuse(method: string, when: string): HawserTypeError {
  return new HawserTypeError('INVALID_ARGUMENT', `\`${method}\` is ${when}`)
}
