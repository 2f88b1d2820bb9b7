// What becomes of the messages that come: control messages and replies are settled, others go to the routes that match,
// through their shapers, or are counted and forgotten. The rules of src/core/net/client_inbox.hpp.
import type { EngineEvents } from '../engine'
import type { Layout } from '../layout'
import type { ClientCore } from './client-core'
import type { Held } from './held'
import { nameAt, valueAt } from './value-at'
import type { Positions } from './positions'
import type { RouteSet } from './route-set'
import { sizeOf } from './size'

export interface InboxHost {
  readonly routes: RouteSet
  /** Which messages without a route are wanted. */
  readonly wants: Readonly<Record<'untyped' | 'binary' | 'asking', boolean>>
  /** Once there are rooms. */
  readonly positions: Positions | undefined
  /** Calls one of the client's events once the engine has done its work. */
  tell(event: (events: EngineEvents) => void): void
  /** The same with a message for the program. */
  deliver(event: (events: EngineEvents) => void): void
  /** Sends on a link. */
  transmit(link: number, text: string, counted: boolean): void
  /** Milliseconds. Asked for only by what may change when the engine is due: most messages do not. */
  time(): number
}

const ownReplies = ['joined', 'left', 'resumed', 'auth_ok', 'auth_error']

export class Inbox {
  readonly counters = { messagesIn: 0, bytesIn: 0, untyped: 0, notJson: 0, binary: 0 }

  constructor(
    private readonly layout: Layout,
    private readonly core: ClientCore,
    private readonly host: InboxHost,
    private readonly held: Held,
    private readonly answered: (milliseconds: number) => void,
  ) {}

  /** A whole message of the open link, of so many bytes. */
  take(data: string | Uint8Array, bytes: number): void {
    const { counters, held, host } = this
    if (typeof data !== 'string') {
      counters.messagesIn++
      counters.bytesIn += bytes
      counters.binary++
      if (host.wants.binary) host.deliver((events) => events.binary(data))
      return
    }
    let message: unknown
    try {
      message = JSON.parse(data)
    } catch {
      // It stays undefined, which no JSON is.
    }
    const batch = this.batchOf(message)
    const now = host.routes.shapers.size > 0 ? host.time() : 0
    if (batch === undefined) {
      this.takeOne(message, data, bytes, now)
      return
    }
    const { link } = this.core
    for (let i = 0; i < batch.length; i++) {
      // What stands behind the message that ended the link came too late.
      if (this.core.link !== link) return
      if (i > 0 && !held.mayTake) {
        held.before(JSON.stringify({ ...(message as object), payload: batch.slice(i) }))
        return
      }
      const text = JSON.stringify(batch[i])
      this.takeOne(batch[i], text, sizeOf(text), now)
    }
  }
  private untyped(text: string): void {
    if (this.host.wants.untyped) this.host.deliver((events) => events.untyped(text))
  }

  private batchOf(message: unknown): unknown[] | undefined {
    if (!this.core.speaksOwnProtocol || nameAt(message, this.layout.type) !== 'batch') return undefined
    const payload = valueAt(message, ['payload'])
    return Array.isArray(payload) ? payload : undefined
  }

  /** `now`: for the routes that need it. */
  private takeOne(message: unknown, text: string, bytes: number, now: number): void {
    const { counters, host, layout } = this
    counters.messagesIn++
    counters.bytesIn += bytes
    const type = nameAt(message, layout.type)
    // A batch in a batch is no message.
    const typed = type !== undefined && this.batchOf(message) === undefined
    if (this.core.speaksOwnProtocol) host.positions?.note(message)
    if (this.control(typed ? type : undefined, message)) return
    if (!typed) {
      // Numbers and the like are no messages either.
      if (message !== null && typeof message === 'object') counters.untyped++
      else counters.notJson++
      this.untyped(text)
      return
    }
    if (host.wants.asking && (nameAt(message, layout.correlationId) ?? '') !== '')
      host.deliver((events) => events.untyped(text))
    host.routes.take(type, message, bytes, now)
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
      const token = core.sending?.onReply(id, host.time())
      if (token !== undefined) {
        host.deliver((events) => events.reply(token, message as object))
        return true
      }
    }
    switch (type ?? '') {
      case 'ack':
        return core.sending?.onAck(id, host.time()) || own
      case 'auth_ok':
        return core.keeper().onAuth(true, '', host.time()) || own
      case 'auth_error':
        if (core.keeper().onAuth(false, 'The server did not accept the token.', host.time())) return true
        break
      case 'heartbeat_ack': {
        const took = core.keeper().onHeartbeatAck(host.time())
        if (took !== undefined) this.answered(took)
        return took !== undefined
      }
      case 'heartbeat':
        if (own) host.transmit(core.link, '{"type":"heartbeat_ack"}', false)
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
