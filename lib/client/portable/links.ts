// The sockets of a client: dials, the open one, and those that say goodbye. Reports what they tell, and how much of what
// was sent they have let go.
import type { Outcome } from './reconnect-policy'
import { never } from './never'
import type { PlatformMessage, PlatformSocket, PlatformSocketConstructor } from './platform'
import { sizeOf } from './size'
import { ownProtocol } from './own-protocol'

export interface LinkEvents {
  opened(link: number, protocol: string): void
  message(link: number, event: PlatformMessage): void
  ended(link: number, how: Outcome): void
  /** The platform has let go of so many more of the frames that are counted. */
  flushed(link: number, frames: number): void
  /** A socket that nobody waits for has closed. */
  gone(): void
}

/** Bytes that a link holds before messages wait in the queue. */
const window = 256 * 1024
/** Nothing tells when the platform has sent something: it is asked, more and more seldom. */
const firstLook = 1
const longestLook = 50
const open = 1

interface Link {
  socket: PlatformSocket
  endpoint: number
  opened: boolean
  /** Bytes sent, and of the frames that are counted where each ends. */
  sent: number
  marks: number[]
}

export class Links {
  private readonly all = new Map<number, Link>()
  /** Endpoints that speak our protocol. */
  private readonly agreed = new Set<number>()
  /** Sockets that were dropped and have not closed. */
  private leaving = 0
  private look = firstLook
  /** When the platform is asked again; never, where it holds nothing. */
  lookAt = never

  constructor(
    private readonly make: PlatformSocketConstructor,
    protected readonly protocols: string[],
    protected told: LinkEvents,
  ) {}

  /** Sockets that are not closed. */
  get count(): number {
    return this.all.size + this.leaving
  }

  /**
   * A platform's WebSocket refuses a server that agrees to none of the subprotocols that it was offered. So where nobody
   * has agreed to ours yet, a dial that fails is made once more without it.
   */
  dial(number: number, url: string, endpoint: number): void {
    const others = this.protocols.filter((name) => name !== ownProtocol)
    const again = others.length < this.protocols.length && !this.agreed.has(endpoint)
    this.open(number, url, endpoint, this.protocols, again ? others : undefined)
  }
  private open(number: number, url: string, endpoint: number, protocols: string[], others?: string[]): void {
    let socket: PlatformSocket
    try {
      socket = new this.make(url, [...protocols])
    } catch (thrown) {
      const { message: detail } = thrown as Error
      const error = 'CONNECTION_FAILED'
      // A page may not connect to such an address, however often it tries. Ends are told later, never inside of the dial.
      queueMicrotask(() => this.told.ended(number, { error, detail, hopeless: true }))
      return
    }
    this.wire(number, socket, endpoint, others && (() => this.open(number, url, endpoint, others)))
  }

  /** `again`: what to do first when it does not open. */
  protected wire(number: number, socket: PlatformSocket, endpoint: number, again?: () => void): void {
    const link: Link = { socket, endpoint, opened: false, sent: 0, marks: [] }
    let detail = ''
    this.all.set(number, link)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      link.opened = true
      if (socket.protocol === ownProtocol) this.agreed.add(endpoint)
      this.told.opened(number, socket.protocol)
    }
    socket.onmessage = (event: PlatformMessage) => this.told.message(number, event)
    socket.onerror = ({ message }: { message?: string }) => (detail = message ?? '')
    socket.onclose = (how: { code: number; reason: string; wasClean: boolean; status?: number }) => {
      const { code, reason, wasClean, status } = how
      // Behind what was sent went our close frame, and the peer's came. Else what the platform held is lost.
      if (!wasClean) this.lookNow()
      else if (link.marks.length > 0) this.told.flushed(number, link.marks.length)
      if (link.opened) {
        const error = code === 1006 ? 'CONNECTION_LOST' : undefined
        this.end(number, { error, closeCode: code, reason, detail })
      } else if (again !== undefined && this.all.get(number) === link) again()
      else this.end(number, { error: 'CONNECTION_FAILED', detail, authRejected: status === 401 })
    }
  }
  private end(number: number, how: Outcome): void {
    if (this.all.delete(number)) this.told.ended(number, how)
  }

  close(number: number, code: number, reason: string): void {
    this.all.get(number)?.socket.close(code, reason)
  }
  /** Says goodbye if it can; nothing more of it is reported. */
  drop(number: number): void {
    const link = this.all.get(number)
    if (link === undefined) return
    this.all.delete(number)
    const { socket } = link
    this.leaving++
    socket.onopen = socket.onmessage = null
    // An `error` that nobody hears must not be thrown, as some emitters do.
    socket.onerror = () => undefined
    socket.onclose = () => {
      socket.onclose = null
      this.leaving--
      this.told.gone()
    }
    if (link.opened) socket.close(1000)
    else socket.close()
  }

  send(number: number, data: string | Uint8Array, counted: boolean): void {
    const link = this.all.get(number)
    if (link?.socket.readyState !== open) return
    link.socket.send(data as never)
    link.sent += sizeOf(data)
    if (counted) link.marks.push(link.sent)
    this.look = firstLook
    this.lookAt = 0
  }
  room(number: number): number {
    const link = this.all.get(number)
    return link?.socket.readyState === open ? window - link.socket.bufferedAmount : 0
  }

  /** Asks what the platform has let go since. */
  lookNow(): void {
    for (const [number, { socket, sent, marks }] of this.all) {
      if (marks.length === 0) continue
      const gone = sent - socket.bufferedAmount
      let count = 0
      while (count < marks.length && marks[count] <= gone) count++
      if (count === 0) continue
      marks.splice(0, count)
      this.told.flushed(number, count)
    }
  }
  /** When to look again. */
  deadline(now: number): number {
    let waiting = false
    for (const { marks } of this.all.values()) if (marks.length > 0) waiting = true
    if (!waiting) return (this.lookAt = never)
    if (this.lookAt <= now) {
      this.lookAt = now + this.look
      this.look = Math.min(longestLook, this.look * 2)
    }
    return this.lookAt
  }
}
