// The sockets of a client: dials, the open one, and those that say goodbye. Reports what they tell, and how much of what
// was sent they have let go.
import type { Outcome } from './reconnect-policy'
import { never } from './reconnect-policy'
import type { PlatformSocket, PlatformSocketConstructor } from './platform'
import { sizeOf } from './size'
import { ownProtocol } from './core-sending'

export interface LinkEvents {
  opened(link: number, protocol: string): void
  message(link: number, data: string | Uint8Array): void
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
  readonly socket: PlatformSocket
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
  private lookAt = never

  constructor(
    private readonly make: PlatformSocketConstructor,
    private readonly protocols: string[],
    private readonly told: LinkEvents,
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
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause)
      // Told later, as all ends are. A page may not connect to such an address, however often it tries.
      this.all.set(number, {
        socket: { close: () => undefined } as PlatformSocket,
        opened: false,
        sent: 0,
        marks: [],
      })
      queueMicrotask(() =>
        this.end(number, { error: 'CONNECTION_FAILED', closeCode: 0, reason: '', detail, hopeless: true }),
      )
      return
    }
    const link: Link = { socket, opened: false, sent: 0, marks: [] }
    let detail = ''
    this.all.set(number, link)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      link.opened = true
      if (socket.protocol === ownProtocol) this.agreed.add(endpoint)
      this.told.opened(number, socket.protocol)
    }
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) =>
      this.told.message(number, typeof data === 'string' ? data : new Uint8Array(data))
    socket.onerror = ({ message }: { message?: string }) => (detail = message ?? '')
    socket.onclose = ({ code, reason, wasClean }: { code: number; reason: string; wasClean: boolean }) => {
      // Behind what was sent went our close frame, and the peer's came. Else what the platform held is lost.
      if (!wasClean) this.lookNow()
      else if (link.marks.length > 0) this.told.flushed(number, link.marks.length)
      if (!link.opened && others !== undefined && this.all.get(number) === link) {
        this.open(number, url, endpoint, others)
      } else if (!link.opened)
        this.end(number, { error: 'CONNECTION_FAILED', closeCode: 0, reason: '', detail })
      else if (code !== 1006) this.end(number, { closeCode: code, reason, detail: '' })
      else this.end(number, { error: 'CONNECTION_LOST', closeCode: 1006, reason, detail })
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
    let left = false
    const leave = (): void => {
      if (left) return
      left = true
      this.leaving--
      this.told.gone()
    }
    socket.onopen = socket.onmessage = null
    // An `error` that nobody hears must not be thrown, as some emitters do.
    socket.onerror = () => undefined
    socket.onclose = leave
    if (link.opened) socket.close(1000, '')
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
