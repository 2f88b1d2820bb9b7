// The requests of a client that wait for their reply: found by correlation id when it comes, by token when it is not
// wanted any more. Pure; times in milliseconds are passed in.
import type { EngineSend } from '../engine'
import type { Core, CoreHost, CoreSending } from './core-sending'
import { never } from './never'
import { sizeOf } from './size'

interface Request {
  readonly token: number
  readonly deadline: number
  /** The kernel took it, so the peer may act on it; with the link its reply is lost. */
  sent: boolean
}

/** Deadlines are gathered: they come so many milliseconds late at most. */
const grain = 16

export class Requests {
  /** Added, timed out, and replies to nothing that waits. */
  readonly counters = { added: 0, timeouts: 0, late: 0 }
  private readonly byId = new Map<string, Request>()
  private readonly ids = new Map<number, string>()
  /** Not later than the first deadline. */
  private first = never

  constructor(private readonly most: number) {}

  get size(): number {
    return this.byId.size
  }
  /** False: there is no room for it, or the id waits already. */
  add(id: string, token: number, deadline: number): boolean {
    if (this.byId.size >= this.most || this.byId.has(id)) return false
    this.byId.set(id, { token, deadline, sent: false })
    this.ids.set(token, id)
    if (deadline < this.first) this.first = deadline
    this.counters.added++
    return true
  }
  /** The reply came: whom it is for. */
  take(id: string): number | undefined {
    const token = this.byId.get(id)?.token
    if (token !== undefined) this.cancel(token)
    else if (this.counters.added > 0) this.counters.late++
    return token
  }
  cancel(token: number): boolean {
    const id = this.ids.get(token)
    if (id === undefined) return false
    this.ids.delete(token)
    return this.byId.delete(id)
  }
  /** False: it is none. */
  markSent(token: number): boolean {
    const request = this.byId.get(this.ids.get(token) ?? '')
    if (request === undefined) return false
    request.sent = true
    return true
  }
  /** Those that were sent go with the link; their tokens. */
  linkLost(): number[] {
    return this.remove(({ sent }) => sent)
  }
  /** Those whose time is over; their tokens. */
  expire(now: number): number[] {
    if (now < this.first) return []
    const gone = this.remove(({ deadline }) => deadline <= now)
    this.counters.timeouts += gone.length
    this.first = never
    for (const { deadline } of this.byId.values()) if (deadline < this.first) this.first = deadline
    return gone
  }
  clear(): number[] {
    return this.remove(() => true)
  }
  get deadline(): number {
    return this.byId.size === 0 ? never : Math.ceil(this.first / grain) * grain
  }

  private remove(goes: (request: Request) => boolean): number[] {
    const gone = [...this.byId.values()].filter(goes).map(({ token }) => token)
    for (const token of gone) this.cancel(token)
    return gone
  }
}

/** What the program says to one link alone. If it is gone, so is the sense of it. */
export function sendPast(
  sending: CoreSending,
  core: Core,
  host: CoreHost,
  message: EngineSend,
  now: number,
): boolean {
  const { data, link, requestTimeout, token } = message
  const there = core.ready && link === core.link
  if (!there || (requestTimeout > 0 && !sending.asks(message, now + requestTimeout))) {
    if (token !== 0) host.settled(token, there ? 'queue_full' : 'connection_lost')
    return false
  }
  host.transmit(link, data, false)
  sending.counters.messagesOut++
  sending.counters.bytesOut += sizeOf(data)
  if (token !== 0 && !sending.requests.markSent(token)) host.settled(token, 'done')
  return true
}
