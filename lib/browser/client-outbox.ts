// What a client sends before its part for that is loaded: checked at the call as far as the program may change it later, it
// waits in the engine for its turn. Takes the place of lib/client/client-outbox.ts, whose class takes over then.
import { type SendData, bytesOf } from '../core/bytes'
import { checkType } from '../client/check-type'
import type { ClientBody } from '../client/client-body'
import type { ClientOutbox } from '../client/client-outbox'
import type { ClientSendOptions, ClientSendPromised, RequestOptions } from '../client/client-send'
import { nameOf, settlementError } from '../client/endings'
import { payloadText } from '../client/payload-text'
import { sizeOf } from '../client/portable/size'
import { promised, take } from './in-turn'
import { part, parts } from './parts'
import { badArgument, isObject, whole } from './validate'

export type * from '../client/client-outbox'

/** About what an envelope weighs beside its type and payload. */
const envelopeBytes = 100

type Options = ClientSendOptions & ClientSendPromised & RequestOptions
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
  constructor(private readonly body: ClientBody) {}

  /** The one that takes over, as soon as its part is there. */
  private get successor(): ClientOutbox | undefined {
    const { body } = this
    if (parts.sending !== undefined && body.outbox === (this as unknown)) body.outbox = outboxOf(body)
    return body.outbox === (this as unknown) ? undefined : body.outbox
  }

  send(type: string, payload: unknown, options: Options | undefined): boolean | Promise<void> {
    const { body, successor } = this
    if (successor !== undefined) return successor.send(type, payload, options)
    const { own, how, bytes } = kept(type, payload, options)
    const step = (): Promise<void> => this.successor?.send(type, own, how) as Promise<void>
    if (how?.ack !== true && how?.durable !== true) return take(body, partFor(how), step, { bytes })
    return promised(body, partFor(how), nameOf('message', type), step, { bytes }, how.signal)
  }
  sendBinary(data: Exclude<SendData, string | Blob>, options: ClientSendOptions): boolean {
    const { body, successor } = this
    if (successor !== undefined) return successor.sendBinary(data, options)
    const bytes = bytesOf(data)
    if (bytes === undefined) return badArgument('data', 'a TypedArray, a DataView or an ArrayBuffer', data)
    const own = new Uint8Array(bytes)
    const how = copyOf(options)
    const step = (): unknown => this.successor?.sendBinary(own, how)
    return take(body, partFor(how), step, { bytes: own.length })
  }
  async request<T>(type: string, payload: unknown, options: RequestOptions | undefined): Promise<T> {
    const { body, successor } = this
    if (successor !== undefined) return successor.request(type, payload, options)
    const { own, how, bytes } = kept(type, payload, options)
    const within = whole(body.requestTimeout)(how?.timeout, 'timeout')
    const step = (): Promise<T> => this.successor?.request(type, own, how) as Promise<T>
    return promised(body, 'sending', nameOf('request', type), step, { bytes, within }, how?.signal)
  }

  async drained(): Promise<void> {
    const { body, successor } = this
    if (successor !== undefined) return successor.drained()
    if (body.engine.bufferedAmount > body.highWaterMark / 2)
      await promised(body, 'sending', '', () => this.successor?.drained()).catch(() => undefined)
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

/** What the program may change as soon as the call returns. */
function kept<O>(type: string, payload: unknown, options: O): { own: unknown; how: O; bytes: number } {
  checkType(type)
  const text = payloadText(type, payload)
  return {
    own: text && JSON.parse(text),
    how: copyOf(options),
    bytes: envelopeBytes + type.length + sizeOf(text ?? ''),
  }
}
function copyOf<O>(options: O): O {
  return isObject(options) ? { ...options } : options
}
function partFor(options: ClientSendOptions | undefined): 'sending' | 'shaping' {
  return options?.throttle || options?.debounce ? 'shaping' : 'sending'
}
