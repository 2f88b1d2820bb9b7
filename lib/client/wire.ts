// What stands between a client and its engine when messages are not the JSON that the engine reads: a codec, or a
// dialect. Frames come up unread and become messages for the router; messages become frames.
import { HawserError, HawserTypeError } from '../core/error'
import { type Codec, checkEncoded, decodeError, encodeError } from './codec'
import type { Dialect, DialectLink, DialectSession, Frame } from './dialect'
import type { ClientEngine, ClientStateName, EngineSend } from './engine'
import { type Parts, encode, envelope, readReply } from './envelope'
import type { Layout } from './layout'
import { Ordered } from './ordered'
import type { PortableFeed } from './portable-feed'
import { nameAt } from './portable/value-at'

/** What a wire needs of its client. */
export interface WireHost {
  readonly layout: Layout
  fail(error: HawserError): void
  /** The reply to the request of this token. */
  replied(token: number, reply: { payload: unknown; error: unknown }): void
  connected(): boolean
  /** The server acknowledges messages. */
  acks(): boolean
  /** The server speaks `hawser.v1`. */
  own(): boolean
  /** An error of such a server that answers no request. */
  control(message: object): void
  /** Whether somebody waits for the token still. */
  waits(token: number): boolean
  /** Nobody waits for encoders any more. */
  drained(): void
  untyped(text: string): void
  binary(data: Uint8Array): void
  /** The client was closed for good. */
  ended(): boolean
  /** A message turned out later to be none; with a token it is its promise's. */
  refused(token: number, error: Error): void
}

/** How many messages may be on their way through an encoder, and through a decoder before reading stops. */
const mostInWork = 1024
const mostSaid = 1 << 20

type Taken = true | false | 'full'

export class Wire {
  readonly session: DialectSession | undefined
  private readonly codec: Codec | undefined
  private readonly outgoing = new Ordered((count) => {
    if (count === 0) this.host.drained()
  })
  private readonly incoming = new Ordered((count) => this.throttle(count))
  private waiting = false
  /** Requests that wait for a reply that JavaScript reads: their tokens by their ids, and the other way round. */
  private readonly tokens = new Map<string, number>()
  private readonly ids = new Map<number, string>()
  /** How to answer messages that ask for it. */
  private readonly replies = new WeakMap<object, (payload: unknown) => void>()
  private link = 0

  constructor(
    private readonly host: WireHost,
    private readonly engine: ClientEngine,
    private readonly feed: PortableFeed,
    how: { codec: Codec | undefined; dialect: Dialect | undefined },
  ) {
    this.codec = how.codec
    this.session = how.dialect?.session(this.linkOf())
    this.interest(false, false, false)
  }

  /** Which frames the engine hands up, beside those that the program asks for. */
  interest(untyped: boolean, binary: boolean, _asking: boolean): void {
    const all = this.session !== undefined
    const { codec } = this
    this.engine.interest(
      untyped || all || codec?.binary === false,
      binary || all || codec?.binary === true,
      all,
    )
  }

  /** Messages that are in the hands of an encoder. */
  get encoding(): number {
    return this.outgoing.size
  }
  encoded(): Promise<void> {
    return this.outgoing.idle()
  }

  // -------------------------------------------------------------------------------------------------------- sending

  /** As `ClientEngine.send`, of what is not written yet. Throws what cannot be. */
  hand(type: string, parts: Parts, message: EngineSend): Taken {
    if (this.host.ended() && message.link === 0) return 'full'
    // Rooms are the server's own business, like all control messages.
    if (type === 'join' || type === 'leave' || type === 'resume') return this.sendJson(type, parts, message)
    const { token } = message
    return this.send(type, parts, message, (error) => {
      this.host.refused(token, error)
      this.settled(token)
    })
  }

  /** As `ClientEngine.send`; `refuse` is called when the message turns out later to be none. Throws what it cannot write. */
  private send(type: string, parts: Parts, message: EngineSend, refuse: (error: Error) => void): Taken {
    const { codec, session } = this
    if (session !== undefined) return this.speak(session, type, parts, message)
    if (codec === undefined || this.outgoing.size >= mostInWork) return 'full'
    let work: Frame | Promise<Frame>
    try {
      work = codec.encode(envelope(this.host.layout, type, parts, Date.now()))
      if (typeof work === 'string' || work instanceof Uint8Array) checkEncoded(codec, work)
    } catch (cause) {
      throw encodeError(codec, type, cause)
    }
    let taken: Taken = this.outgoing.size < mostInWork / 2
    let later = false
    this.expect(message)
    this.outgoing.add(
      work,
      (data) => {
        try {
          checkEncoded(codec, data)
        } catch (error) {
          refuse(error as Error)
          return
        }
        // It was given up meanwhile.
        if (later && message.token !== 0 && !this.host.waits(message.token)) return
        const result = this.engine.send({ ...message, data, binary: typeof data !== 'string' })
        if (!later) taken = result
        else if (result === 'full') refuse(new HawserError('BACKPRESSURE_EXCEEDED'))
      },
      (cause) => refuse(encodeError(codec, type, cause)),
    )
    later = true
    return taken
  }

  /** A message of the client's own, which stays JSON whatever the codec. */
  private sendJson(type: string, parts: Parts, message: EngineSend): Taken {
    if (this.session !== undefined) return this.speak(this.session, type, parts, message)
    return this.engine.send({ ...message, data: encode(this.host.layout, type, parts, Date.now()) })
  }

  private speak(session: DialectSession, type: string, parts: Parts, message: EngineSend): Taken {
    const kind = message.requestTimeout > 0 ? 'request' : message.acked ? 'acked' : 'message'
    let frames: Frame | readonly Frame[]
    try {
      frames = session.send({ type, payload: parts.payload, id: parts.id, kind, room: parts.room })
    } catch (cause) {
      if (cause instanceof HawserError || cause instanceof HawserTypeError) throw cause
      const words = cause instanceof Error ? cause.message : String(cause)
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `The message '${type}' cannot be written: ${words}`,
        cause,
      )
    }
    const data = typeof frames === 'string' || frames instanceof Uint8Array ? frames : undefined
    if (data !== undefined || frames.length === 1) {
      const only = data ?? (frames[0] as Frame)
      this.expect(message)
      return this.engine.send({ ...message, data: only, binary: typeof only !== 'string' })
    }
    if (kind !== 'message' || message.durable) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `The message '${type}' takes several frames: it can be sent without \`ack\` or \`durable\` only, and be no request`,
      )
    }
    if (!this.host.connected()) {
      throw new HawserError(
        'INVALID_STATE',
        `The message '${type}' takes several frames and cannot wait: send it while the client is connected`,
      )
    }
    this.say(frames as readonly Frame[])
    return true
  }

  private say(frames: readonly Frame[]): void {
    const size = frames.reduce((sum, frame) => sum + frame.length, 0)
    if (size > mostSaid) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `Frames that are sent together may have ${mostSaid} bytes in all, not ${size}`,
      )
    }
    this.engine.say(this.link, frames)
  }

  private expect(message: EngineSend): void {
    if (message.requestTimeout === 0) return
    this.tokens.set(message.id, message.token)
    this.ids.set(message.token, message.id)
  }

  /** The wait of a token has ended, however. */
  settled(token: number): void {
    const id = this.ids.get(token)
    if (id === undefined) return
    this.ids.delete(token)
    this.tokens.delete(id)
  }

  // ------------------------------------------------------------------------------------------------------- receiving

  text(text: string): void {
    if (this.session !== undefined) this.receive(text)
    else if (this.codec?.binary === false) this.decode(this.codec, text)
    else this.host.untyped(text)
  }
  binary(data: Uint8Array): void {
    if (this.session !== undefined) this.receive(data)
    else if (this.codec?.binary === true) this.decode(this.codec, data)
    else this.host.binary(data)
  }

  /** What a reply says that the engine has matched. */
  readReply(message: unknown): { payload: unknown; error: unknown } {
    return this.session?.readReply?.(message) ?? readReply(this.host.layout, message)
  }
  replyTo(message: unknown): ((payload: unknown) => void) | undefined {
    return message !== null && typeof message === 'object' ? this.replies.get(message) : undefined
  }

  private receive(data: Frame): void {
    try {
      this.session?.receive(data)
    } catch (cause) {
      if (cause instanceof HawserError) {
        this.host.fail(cause)
        return
      }
      const words = cause instanceof Error ? cause.message : String(cause)
      this.host.fail(new HawserError('PARSE_ERROR', `A message cannot be read: ${words}`, { cause }))
    }
  }

  private decode(codec: Codec, data: Frame): void {
    const failed = (cause: unknown): void => this.host.fail(decodeError(codec, cause))
    let work: unknown
    try {
      work = codec.decode(data)
    } catch (cause) {
      this.incoming.fail(cause, failed)
      return
    }
    this.incoming.add(work, (message) => this.take(message, data.length), failed)
  }

  /** Reading stops while many messages are with a decoder. */
  private throttle(count: number): void {
    if (!this.waiting && count >= mostInWork) {
      this.waiting = true
      this.engine.pause()
    } else if (this.waiting && count <= mostInWork / 2) {
      this.waiting = false
      this.engine.resume()
    }
  }

  /** A message that a codec has read. */
  private take(message: unknown, bytes: number): void {
    const { layout } = this.host
    const type = nameAt(message, layout.type)
    const id = nameAt(message, layout.correlationId)
    if (id !== undefined) {
      const answers = layout.replyType === '' || type === layout.replyType || type === 'error'
      if (answers && this.answer(id, readReply(layout, message))) return
      if (type === 'ack' && this.host.acks()) {
        this.engine.answered(true, id)
        return
      }
    }
    // What comes too late is nobody's, and an error is that of the message it names, as without a codec.
    if (this.host.own() && (type === 'reply' || type === 'error')) {
      if (type === 'error') this.host.control(message as object)
      return
    }
    if (type === undefined) {
      this.host.fail(
        new HawserError(
          'INVALID_MESSAGE',
          `A message that the codec has read has no type at '${layout.typeAt}'`,
        ),
      )
      return
    }
    this.feed.take(type, message, bytes)
  }

  private answer(id: string, reply: { payload: unknown; error: unknown }): boolean {
    // Also when nobody waits: the engine counts those that come too late.
    this.engine.answered(false, id)
    const token = this.tokens.get(id)
    if (token === undefined) return false
    this.settled(token)
    this.host.replied(token, reply)
    return true
  }

  // ---------------------------------------------------------------------------------------------------- connections

  opened(link: number): void {
    this.link = link
    this.session?.opened?.()
  }
  /** The client changes from one state to another. */
  changed(from: ClientStateName, to: ClientStateName): void {
    if (from === to) return
    if (to === 'connected') this.session?.connected?.()
    else if (from === 'connected' || from === 'disconnecting') this.ended()
  }
  ended(): void {
    this.session?.ended?.()
  }

  private linkOf(): DialectLink {
    return {
      say: (...frames) => this.say(frames),
      ready: () => this.engine.admit('accepted', this.link, ''),
      refuse: (why) => this.engine.admit('refused', this.link, why),
      lost: (why) => this.engine.admit('silent', this.link, why),
      disconnect: () => this.engine.disconnect(1000, ''),
      message: (type, message, bytes, reply) => {
        if (reply !== undefined) this.replies.set(message, reply)
        this.feed.take(type, message, bytes)
      },
      answer: (id, payload) => this.answer(id, { payload, error: undefined }),
      refuseRequest: (id, error) => this.answer(id, { payload: undefined, error }),
      acknowledge: (id) => this.engine.answered(true, id),
      error: (error) => this.host.fail(error),
    }
  }
}
