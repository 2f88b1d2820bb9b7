// What a client sends: envelopes made of arguments, handed to the engine, and the promises that wait for their end.
import { type SendData, bytesOf } from '../core/bytes'
import { HawserError } from '../core/error'
import { badArgument, shown } from '../core/validate'
import { checkType } from './check-type'
import type { ClientBody } from './client-body'
import {
  type CheckedRequest,
  type ClientSendOptions,
  type ClientSendPromised,
  type RequestOptions,
  readRequest,
  readSend,
} from './client-send'
import { aborted, nameOf, settlementError } from './endings'
import type { EngineSend, Settlement } from './engine'
import { type Parts, encode, readReply } from './envelope'
import { askFormed, sendFormed } from './formed'
import { readMessage } from './message-texts'
import { asked, nextId, plain, requestMark } from './outgoing'
import { Pending } from './pending'
import { replyError } from './reply-error'

/** Ids of refused messages that are kept; the oldest goes first. */
const mostRefused = 1000

export function outboxOf(body: ClientBody): ClientOutbox {
  return new ClientOutbox(body)
}

export class ClientOutbox {
  readonly pending = new Pending()
  /** Messages with `ack` that have none yet: their tokens by id, below 0 those of durable ones. */
  private acked: Map<string, number> | undefined
  /** Messages that were refused: their copies are refused as well, which is no news. */
  private refused: Set<string> | undefined
  private drains: (() => void)[] | undefined

  constructor(private readonly body: ClientBody) {}

  send(
    type: string,
    payload: unknown,
    options: (ClientSendOptions & ClientSendPromised) | undefined,
  ): boolean | Promise<void> {
    if (options === undefined) {
      checkType(type)
      const formed = sendFormed(this.body, type, payload)
      if (formed !== undefined) return this.taken(formed)
      const id = nextId(this.body)
      return this.push(type, { id, payload, room: undefined, correlationId: undefined }, { ...plain })
    }
    const id = nextId(this.body)
    const checked = readSend(type, options, this.body.stores)
    const { room, correlationId, ack, durable, signal } = checked
    const parts = { id, payload, room, correlationId, ack: ack || durable }
    const message: EngineSend = { ...plain, ...checked.message, id, acked: ack, durable }
    if (!ack && !durable) return this.push(type, parts, message)
    const promise = this.promised<undefined>('message', type, parts, message, signal)
    const forget = (): void => void this.acked?.delete(id)
    promise.then(forget, forget)
    return promise
  }

  sendBinary(data: Exclude<SendData, string | Blob>, options: ClientSendOptions): boolean {
    const bytes = bytesOf(data)
    if (bytes === undefined) {
      return badArgument('data', 'a Buffer, a TypedArray, a DataView or an ArrayBuffer', data)
    }
    const { message } = readSend('binary', options, this.body.stores)
    return this.taken(this.body.engine.send({ ...plain, ...message, data: bytes, binary: true }))
  }

  /** `link`: see `EngineSend`. */
  request<T>(type: string, payload: unknown, options: RequestOptions | undefined, link = 0): Promise<T> {
    try {
      checkType(type)
      const { requestTimeout } = this.body
      if (options === undefined) {
        return (
          askFormed<T>(this.body, this, type, payload) ??
          this.ask(type, payload, { ...plain, requestTimeout })
        )
      }
      const checked = readRequest(options, requestTimeout)
      const { priority } = checked
      const message = { ...plain, priority, requestTimeout: checked.requestTimeout, link }
      return this.ask(type, payload, message, checked)
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(shown(error)))
    }
  }

  private ask<T>(type: string, payload: unknown, message: EngineSend, more?: CheckedRequest): Promise<T> {
    const id = (message.id = nextId(this.body, requestMark))
    const parts = { id, payload, room: more?.room, correlationId: id }
    return this.promised<T>('request', type, parts, message, more?.signal)
  }

  /** Resolves when less than half of `highWaterMark` waits. */
  drained(): Promise<void> {
    if (this.isDrained()) return Promise.resolve()
    return new Promise((resolve) => (this.drains ??= []).push(resolve))
  }

  private isDrained(): boolean {
    const { engine, highWaterMark, wire } = this.body
    return engine.bufferedAmount <= highWaterMark / 2 && (wire?.encoding ?? 0) === 0
  }

  /** The engine, or an encoder, has let go of what it had. */
  onDrain(): void {
    // While an encoder has messages still, more will wait.
    if (this.body.wire === undefined || this.isDrained()) this.tellDrained()
  }

  /** The client has ended: nobody has to wait any longer. */
  end(): void {
    this.pending.rejectAll('closed')
    this.tellDrained()
  }
  private tellDrained(): void {
    const { drains } = this
    this.drains = undefined
    for (const resolve of drains ?? []) resolve()
  }

  // ------------------------------------------------------------------------------------------------ what became of it

  answer(token: number, payload: unknown): void {
    this.pending.resolve(token, payload)
  }
  reply(token: number, given: string | object): void {
    const { layout, wire } = this.body
    const message = readMessage(given, 'The reply', { failed: (error) => this.pending.reject(token, error) })
    if (message === undefined) return
    this.settle(token, wire?.readReply(message) ?? readReply(layout, message))
    wire?.settled(token)
  }
  /** What a reply said. */
  settle(token: number, { payload, error }: { payload: unknown; error: unknown }): void {
    if (error === undefined || error === null) this.pending.resolve(token, payload)
    else this.pending.reject(token, replyError('The request', error))
  }
  settled(token: number, how: Settlement): void {
    this.pending.settled(token, how)
    this.body.wire?.settled(token)
  }

  dropped(count: number, why: Settlement): void {
    if (why === 'done') return
    const what = count === 1 ? 'A message' : `${count} messages`
    const { code } = settlementError(what, why)
    this.body.fail(
      new HawserError(code, `${what} ${count === 1 ? 'was' : 'were'} dropped: ${droppedWords[code] ?? why}`),
    )
  }

  /** Whether an error of the server is about what the program waits for, or waited for. */
  answers(message: Record<string, unknown>): boolean {
    return this.refuse(message) || asked(message.correlationId)
  }
  /**
   * An error that answers a message with `ack`, or one that may lie in the store, is that one's: it is not sent again, and
   * its promise rejects. In the store it stays where the server says no more than "later". False: the error is nobody's.
   */
  private refuse({ correlationId, error, payload }: Record<string, unknown>): boolean {
    const { acked, body } = this
    const refused = (this.refused ??= new Set())
    const id = correlationId as string
    if (refused.has(id)) return true
    const last = acked?.get(id) ?? 0
    // It may be settled just now, and not forgotten yet.
    const token = this.pending.has(Math.abs(last)) ? last : 0
    if (typeof id !== 'string' || (token === 0 && !body.stores)) return false
    const told = replyError('The message', error ?? payload)
    if (token <= 0 && told.code === 'RATE_LIMIT_EXCEEDED') return false
    const [oldest] = refused
    if (refused.size >= mostRefused) refused.delete(oldest)
    refused.add(id)
    body.engine.refused(id)
    this.pending.reject(Math.abs(token), told)
    return token !== 0
  }

  /** Hands a message to the engine, in the form in which it travels. `message` is the caller's own, and changes. */
  private hand(type: string, parts: Parts, message: EngineSend): true | false | 'full' {
    const { body } = this
    const { wire } = body
    if (wire !== undefined) return wire.hand(type, parts, message)
    message.data = encode(body.layout, type, parts, Date.now())
    message.joinable = true
    return body.engine.send(message)
  }

  private push(type: string, parts: Parts, message: EngineSend): boolean {
    return this.taken(this.hand(type, parts, message))
  }
  private taken(taken: true | false | 'full'): boolean {
    if (taken === 'full') throw this.body.refusal()
    return taken
  }

  /** Nobody waits for the token any more. */
  cancel(token: number): void {
    this.body.engine.cancel(token)
    this.body.wire?.settled(token)
  }

  /** `message` is the caller's own: it gets its token here. */
  private promised<T>(
    kind: 'message' | 'request',
    type: string,
    parts: Parts,
    message: EngineSend,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { pending } = this
    const { wire } = this.body
    if (signal?.aborted === true) return Promise.reject(aborted(nameOf(kind, type), signal))
    const { token, promise } = pending.add<T>(kind, type, signal, this)
    message.token = token
    if (kind === 'message') (this.acked ??= new Map()).set(message.id, message.durable ? -token : token)
    try {
      if (this.hand(type, parts, message) !== 'full') return promise
      pending.reject(token, this.body.refusal())
    } catch (error) {
      // It cannot be written: thrown at the call, as without a promise.
      this.acked?.delete(message.id)
      pending.forget(token)
      wire?.settled(token)
      throw error
    }
    wire?.settled(token)
    return promise
  }
}

const droppedWords: Record<string, string> = {
  QUEUE_FULL: 'the queue is full',
  EXPIRED: 'they waited longer than their `ttl`',
  TIMEOUT: 'the server did not acknowledge them',
  CONNECTION_CLOSED: 'the client was closed before they were sent',
}
