// What a client sends before its part for that is loaded: checked at the call as far as the program may change it later, it
// waits in the engine for its turn. Takes the place of lib/client/client-outbox.ts, whose class takes over then.
import { type SendData, bytesOf } from '../core/bytes'
import type { HawserError } from '../core/error'
import { checkType } from '../client/check-type'
import type { ClientBody } from '../client/client-body'
import type { ClientOutbox } from '../client/client-outbox'
import type { ClientSendOptions, ClientSendPromised, RequestOptions } from '../client/client-send'
import { type Kind, aborted, nameOf, settlementError } from '../client/endings'
import { payloadText } from '../client/payload-text'
import { sizeOf } from '../client/portable/size'
import { part, parts } from './parts'
import { badArgument, isObject } from './validate'

export type * from '../client/client-outbox'

/** About what an envelope weighs beside its type and payload. */
const envelopeBytes = 100
const longest = 0x7fffffff

type Options = ClientSendOptions & ClientSendPromised & RequestOptions
type Send<T> = (outbox: ClientOutbox) => T
/** Of the one that takes over what may be called before anything was sent. */
type Early = Pick<
  ClientOutbox,
  'send' | 'sendBinary' | 'request' | 'drained' | 'onDrain' | 'end' | 'answers' | 'dropped'
>

export function outboxOf(body: ClientBody): ClientOutbox {
  if (parts.sending === undefined) return new EarlyOutbox(body) as Early as ClientOutbox
  return new (part('sending') as unknown as { ClientOutbox: typeof ClientOutbox }).ClientOutbox(body)
}

class EarlyOutbox implements Early {
  /** The one that has taken over. */
  private loaded: ClientOutbox | undefined

  constructor(private readonly body: ClientBody) {}

  private get successor(): ClientOutbox | undefined {
    if (parts.sending !== undefined) this.body.outbox = this.loaded ??= outboxOf(this.body)
    return this.loaded
  }

  send(type: string, payload: unknown, options: Options | undefined): boolean | Promise<void> {
    const { successor } = this
    if (successor !== undefined) return successor.send(type, payload, options)
    const { bytes, payload: kept, options: own } = this.kept(type, payload, options)
    const send: Send<boolean | Promise<void>> = (outbox) => outbox.send(type, kept(), own)
    if (own?.ack !== true && own?.durable !== true) return this.hand(bytes, own, send)
    return this.promised('message', type, bytes, own, send as Send<Promise<void>>)
  }
  sendBinary(data: Exclude<SendData, string | Blob>, options: ClientSendOptions): boolean {
    const { successor } = this
    if (successor !== undefined) return successor.sendBinary(data, options)
    const bytes = bytesOf(data)
    if (bytes === undefined) return badArgument('data', 'a TypedArray, a DataView or an ArrayBuffer', data)
    const [kept, own] = [new Uint8Array(bytes), copyOf(options)]
    return this.hand(kept.length, own, (outbox) => outbox.sendBinary(kept, own))
  }
  async request<T>(type: string, payload: unknown, options: RequestOptions | undefined): Promise<T> {
    const { successor } = this
    if (successor !== undefined) return successor.request(type, payload, options)
    const { bytes, payload: kept, options: own } = this.kept(type, payload, options)
    const { timeout = 0 } = own ?? {}
    const fits = Number.isInteger(timeout) && timeout > 0 && timeout <= longest
    const within = fits ? timeout : this.body.requestTimeout
    return this.promised('request', type, bytes, own, (outbox) => outbox.request(type, kept(), own), within)
  }

  /** What the program may change as soon as the call returns. */
  private kept<O>(
    type: string,
    payload: unknown,
    options: O,
  ): { bytes: number; payload: () => unknown; options: O } {
    checkType(type)
    const text = payloadText(type, payload)
    return {
      bytes: envelopeBytes + type.length + sizeOf(text ?? ''),
      payload: () => (text === undefined ? undefined : (JSON.parse(text) as unknown)),
      options: copyOf(options),
    }
  }

  /** Has it sent in its turn; what is wrong with its options shows then. */
  private hand(bytes: number, options: ClientSendOptions | undefined, send: Send<unknown>): boolean {
    const { body } = this
    const run = (): void => {
      try {
        send(this.successor as ClientOutbox)
      } catch (error) {
        queueMicrotask(() => body.fail(error as HawserError))
      }
    }
    const taken = body.engine.later?.(partFor(options), run, { bytes })
    if (taken === 'full') throw body.refusal()
    return taken !== false
  }
  private promised<T>(
    kind: Kind,
    type: string,
    bytes: number,
    options: Options | undefined,
    send: Send<Promise<T>>,
    within = 0,
  ): Promise<T> {
    const { body } = this
    const what = nameOf(kind, type)
    const signal = options?.signal instanceof AbortSignal ? options.signal : undefined
    return new Promise((resolve, reject) => {
      let given = false
      const giveUp = (error: HawserError): void => {
        given = true
        reject(error)
      }
      const abort = (): void => giveUp(aborted(what, signal as AbortSignal))
      const run = (): void => {
        signal?.removeEventListener('abort', abort)
        if (given) return
        // What it throws at once is a rejection here.
        resolve((async () => await send(this.successor as ClientOutbox))())
      }
      if (signal?.aborted === true) {
        abort()
        return
      }
      signal?.addEventListener('abort', abort)
      const over = (how: 'timeout' | 'closed'): void => giveUp(settlementError(what, how))
      if (body.engine.later?.(partFor(options), run, { bytes, within, over }) === 'full')
        giveUp(body.refusal())
    })
  }

  drained(): Promise<void> {
    const { successor, body } = this
    const { engine, highWaterMark } = body
    if (successor !== undefined) return successor.drained()
    if (engine.bufferedAmount <= highWaterMark / 2) return Promise.resolve()
    return new Promise((resolve) => {
      const run = (): void => resolve(this.successor?.drained())
      if (engine.later?.('sending', run, { over: () => resolve() }) === 'full') resolve()
    })
  }

  /** Only what was never handed over, since the client ends before its part is there. */
  dropped(count: number): void {
    this.body.fail(settlementError(`What was sent (${count})`, 'closed'))
  }
  answers(): boolean {
    return false
  }
  onDrain(): void {
    // Those who wait for that wait in their turn.
  }
  end(): void {
    // The engine ends what waits.
  }
}

function copyOf<O>(options: O): O {
  return isObject(options) ? { ...options } : options
}
function partFor(options: ClientSendOptions | undefined): 'sending' | 'shaping' {
  return options?.throttle || options?.debounce ? 'shaping' : 'sending'
}
