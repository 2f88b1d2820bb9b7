// The sockets of a client: dials, the open one, and those that say goodbye. Reports what they tell.
import type { Outcome } from './reconnect-policy'
import type { PlatformMessage, PlatformSocket, PlatformSocketConstructor } from './platform'
import { sizeOf } from './size'
import { ownProtocol } from './own-protocol'

export interface LinkEvents {
  opened(link: number, protocol: string): void
  message(link: number, event: PlatformMessage): void
  ended(link: number, how: Outcome): void
  /** A socket has closed; before `ended`. */
  closed(link: number, clean: boolean): void
  /** A socket that nobody waits for has closed. */
  gone(): void
}

/** Bytes that a link holds before messages wait in the queue. */
const window = 256 * 1024
const open = 1

interface Link {
  socket: PlatformSocket
  endpoint: number
  opened: boolean
  /** Bytes. */
  sent: number
}

export class Links {
  private readonly all = new Map<number, Link>()
  /** Endpoints that speak our protocol. */
  private readonly agreed = new Set<number>()
  /** Sockets that were dropped and have not closed. */
  private leaving = 0

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
    const link: Link = { socket, endpoint, opened: false, sent: 0 }
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
      this.told.closed(number, wasClean)
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

  /** False: the link is not open. */
  send(number: number, data: string | Uint8Array): boolean {
    const link = this.all.get(number)
    if (link?.socket.readyState !== open) return false
    link.socket.send(data as never)
    link.sent += sizeOf(data)
    return true
  }
  room(number: number): number {
    const link = this.all.get(number)
    return link?.socket.readyState === open ? window - link.socket.bufferedAmount : 0
  }

  /** Bytes sent on an open link; those of them that the platform has let go. */
  sent(number: number): number | undefined {
    return this.all.get(number)?.sent
  }
  gone(number: number): number | undefined {
    const link = this.all.get(number)
    return link && link.sent - link.socket.bufferedAmount
  }
}
