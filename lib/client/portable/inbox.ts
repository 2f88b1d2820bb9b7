// What becomes of the messages that come: control messages and replies are settled, others go to the routes that match,
// through their shapers, or are counted and forgotten. The rules of src/core/net/client_inbox.hpp.
import type { EngineEvents } from '../engine'
import type { Layout } from '../layout'
import type { ClientCore } from './client-core'
import { nameAt, valueAt } from './matcher'
import { part } from './parts'
import type { Positions } from './positions'
import { RouteSet } from './route-set'
import { sizeOf } from './size'

export interface InboxHost {
  /** Calls one of the client's events once the engine has done its work. */
  tell(event: (events: EngineEvents) => void): void
  /** Sends a text of the client's own on the open link. */
  say(text: string): void
  /** The program is there to hear of the next message. */
  mayTake(): boolean
  /** This one is to come again, before all others. */
  later(text: string): void
  /** Milliseconds. Asked for only by what may change when the engine is due: most messages do not. */
  now(): number
}

const ownReplies = ['joined', 'left', 'resumed', 'auth_ok', 'auth_error']

export class Inbox {
  readonly routes: RouteSet
  readonly counters = {
    messagesIn: 0,
    bytesIn: 0,
    untyped: 0,
    notJson: 0,
    binary: 0,
    delivered: 0,
  }
  /** Which messages without a route are wanted. */
  wants = { untyped: false, binary: false, asking: false }
  /** Once there are rooms. */
  private positions: Positions | undefined

  constructor(
    private readonly layout: Layout,
    private readonly core: ClientCore,
    private readonly host: InboxHost,
    private readonly answered: (milliseconds: number) => void,
  ) {
    this.routes = new RouteSet({
      message: (routes, message) => this.up((events) => events.message(routes, message as object)),
      batch: (route, messages) => this.up((events) => events.batch(route, messages)),
    })
  }

  /** The program has joined a room; the part `rooms` was loaded. */
  follow(): void {
    this.positions ??= new (part('rooms').Positions)(this.layout, (message) =>
      this.host.tell((events) => events.control(message)),
    )
  }
  /** A link is about to be told connected. */
  tellPositions(): void {
    this.positions?.tell()
  }

  /** Hands a record up. */
  private up(event: (events: EngineEvents) => void): void {
    this.counters.delivered++
    this.host.tell(event)
  }

  /** A whole message of the open link, of so many bytes. */
  take(data: string | Uint8Array, bytes: number): void {
    const { counters, wants } = this
    if (typeof data !== 'string') {
      counters.messagesIn++
      counters.bytesIn += bytes
      counters.binary++
      if (wants.binary) this.up((events) => events.binary(data))
      return
    }
    let message: unknown
    try {
      message = JSON.parse(data)
    } catch {
      // It stays undefined, which no JSON is.
    }
    const batch = this.batchOf(message)
    const now = this.routes.shapers.size > 0 ? this.host.now() : 0
    if (batch === undefined) {
      this.takeOne(message, data, bytes, now)
      return
    }
    const { link } = this.core
    for (let i = 0; i < batch.length; i++) {
      // What stands behind the message that ended the link came too late.
      if (this.core.link !== link) return
      if (i > 0 && !this.host.mayTake()) {
        this.host.later(JSON.stringify({ ...(message as object), payload: batch.slice(i) }))
        return
      }
      const text = JSON.stringify(batch[i])
      this.takeOne(batch[i], text, sizeOf(text), now)
    }
  }
  private untyped(text: string): void {
    if (this.wants.untyped) this.up((events) => events.untyped(text))
  }

  private batchOf(message: unknown): unknown[] | undefined {
    if (!this.core.speaksOwnProtocol || nameAt(message, this.layout.type) !== 'batch') return undefined
    const payload = valueAt(message, ['payload'])
    return Array.isArray(payload) ? payload : undefined
  }

  /** `now`: for the routes that need it. */
  private takeOne(message: unknown, text: string, bytes: number, now: number): void {
    const { counters, layout } = this
    counters.messagesIn++
    counters.bytesIn += bytes
    const type = nameAt(message, layout.type)
    // A batch in a batch is no message.
    const typed = type !== undefined && this.batchOf(message) === undefined
    if (this.core.speaksOwnProtocol) this.positions?.note(message)
    if (this.control(typed ? type : undefined, message)) return
    if (!typed) {
      // Numbers and the like are no messages either.
      if (message !== null && typeof message === 'object') counters.untyped++
      else counters.notJson++
      this.untyped(text)
      return
    }
    if (this.wants.asking && (nameAt(message, layout.correlationId) ?? '') !== '')
      this.up((events) => events.untyped(text))
    this.routes.take(type, message, bytes, now)
  }

  private isReply(type: string | undefined): boolean {
    const { replyType } = this.layout
    // An error that names a request is its answer, whatever the server speaks.
    if (replyType === '' || type === replyType || type === 'error') return true
    return this.core.speaksOwnProtocol && ownReplies.includes(type ?? '')
  }

  /** Settles what the client itself waits for. What nobody waits for goes on, unless the server speaks our protocol. */
  private control(type: string | undefined, message: unknown): boolean {
    const { core, host } = this
    const own = core.speaksOwnProtocol
    const id = nameAt(message, this.layout.correlationId) ?? ''
    if (id !== '' && this.isReply(type)) {
      const token = core.sending?.onReply(id, host.now())
      if (token !== undefined) {
        this.up((events) => events.reply(token, message as object))
        return true
      }
    }
    switch (type ?? '') {
      case 'ack':
        return core.sending?.onAck(id, host.now()) || own
      case 'auth_ok':
        return core.onAuth(true, '', host.now()) || own
      case 'auth_error':
        if (core.onAuth(false, 'The server did not accept the token.', host.now())) return true
        break
      case 'heartbeat_ack': {
        const took = core.onHeartbeatAck(host.now())
        if (took !== undefined) this.answered(took)
        return took !== undefined
      }
      case 'heartbeat':
        if (own) host.say('{"type":"heartbeat_ack"}')
        return own
      case 'token_expired':
        if (own) core.tokens?.tokenExpired()
        break
      case 'reply':
        // Replies to requests that were given up.
        return own
      case 'resume_failed':
      case 'error':
        break
      default:
        return false
    }
    if (own) host.tell((events) => events.control(message as object))
    return own
  }
}
