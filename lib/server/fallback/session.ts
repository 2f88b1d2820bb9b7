// One session: the records on their way to the peer, kept until it says that it has them, and those that came from it.
// What a connection is to a peer that WebSocket is closed to. Times in milliseconds of one clock.
//
//   connection ──► SessionPipe ──► records 0, 1, 2 … ──► a stream, or an answer to a poll ──► peer
//   connection ◄── SessionPipe ◄── records, each number once ◄── posts ◄── peer
import type { ServerResponse } from 'node:http'
import { Opcode, clientFrame, closeFrame } from './frames'
import { type UpRecord, event } from './records'
import { SessionPipe } from './session-pipe'

/** Characters on their way to the peer that it has not said to have; the connection holds what comes behind them. */
export const window = 256 * 1024

export interface SessionHost {
  /** A ping goes down so often; a poll waits no longer. */
  readonly interval: number
  /** So long a peer may be without a way down, or silent behind a ping. */
  readonly grace: number
  now(): number
  /** It is over, or nothing is left of it. */
  changed(session: Session): void
}

export type Opened = { protocol: string } | { status: number; headers: string[]; body: string }

export class Session {
  readonly pipe: SessionPipe
  /** Records that came from the peer. */
  received = 0
  /** Nothing more is said, and nothing more is taken. */
  over = false
  /** Number of the first record that is kept, and of the next for the way down. */
  private first = 0
  private next = 0
  private kept: string[] = []
  private size = 0
  private down: { response: ServerResponse; poll: boolean } | undefined
  /** When the peer was heard, when it lost its way down, and when a ping went down. */
  private heard: number
  private alone: number
  private pinged: number
  /** What pings of the connection carried, with the number of the record that stands for each. */
  private pings: { number: number; payload: Buffer }[] = []

  constructor(
    readonly id: string,
    private readonly host: SessionHost,
    opened: (how: Opened) => void,
  ) {
    this.heard = this.alone = this.pinged = host.now()
    this.pipe = new SessionPipe({
      opened: (protocol) => opened({ protocol }),
      refused: (status, headers, body) => {
        this.over = true
        opened({ status, headers, body })
      },
      message: (data) => this.add(typeof data === 'string' ? data : ['binary', data.toString('base64')]),
      ping: (payload) => this.ping(payload),
      close: (code, reason) => {
        this.end(code === 1005 ? ['close'] : ['close', code, reason])
        this.pipe.put(closeFrame(code === 1005 ? undefined : code, ''))
      },
      settled: () => {
        this.flush()
        return this.size > window
      },
      gone: () => {
        opened({ status: 503, headers: ['Retry-After', '5'], body: 'The connection has ended.\n' })
        this.end(['close', 1006, ''])
        this.flush()
      },
    })
  }

  /** Whether the peer has all that there will ever be. */
  get done(): boolean {
    return this.over && this.kept.length === 0
  }
  /** Whether a peer hears what is said now. */
  get attached(): boolean {
    return this.down !== undefined
  }

  // ------------------------------------------------------------------------------------------------------ from the peer

  /** The peer is heard; it has so many records. False: there never were so many. */
  acknowledge(count: number | undefined): boolean {
    if (count !== undefined && count > this.first + this.kept.length) return false
    this.heard = this.host.now()
    if (count === undefined || count <= this.first) return true
    for (const text of this.kept.splice(0, count - this.first)) this.size -= text.length
    this.first = count
    this.next = Math.max(this.next, count)
    while (this.pings.length > 0 && this.pings[0].number < count) this.pong()
    if (this.size <= window) this.pipe.release()
    if (this.done) this.host.changed(this)
    return true
  }

  /**
   * Takes records, of which the first has this number; those that came before are left out. Calls back when the connection
   * takes more. A number: the status to refuse them with, as some are missing, or came before the last ones were answered.
   */
  take(seq: number, records: readonly UpRecord[], then: () => void): 409 | 503 | undefined {
    if (seq > this.received) return 409
    const fresh = records.slice(this.received - seq)
    if (fresh.length > 0 && this.pipe.full && !this.over) return 503
    for (const record of fresh) {
      this.received++
      if (this.over) continue
      if (record.kind === 'close') this.pipe.put(closeFrame(record.code, record.reason))
      else if (typeof record.data !== 'string') this.pipe.put(clientFrame(Opcode.binary, record.data))
      else this.pipe.put(clientFrame(Opcode.text, Buffer.from(record.data)))
    }
    this.pipe.eager(then)
    return undefined
  }

  /** The peer breaks the rules: its connection is told so by a close frame. */
  fail(reason: string): void {
    if (!this.over) this.pipe.put(closeFrame(1002, reason))
  }

  /** The peer has a way down, for records from this number on. False: they are not kept any more. */
  attach(response: ServerResponse, poll: boolean, from: number): boolean {
    if (from !== this.first) return false
    this.detach()
    this.next = this.first
    this.pinged = this.host.now()
    this.down = { response, poll }
    response.once('close', () => {
      if (this.down?.response === response) this.detach()
    })
    // Tells that nothing on the way keeps it back.
    if (!poll) response.write(': open\n\n')
    this.flush()
    return true
  }

  // ----------------------------------------------------------------------------------------------------------- the time

  /** Looks whether the peer is there, and asks it from time to time. */
  look(): void {
    const { interval, grace } = this.host
    const now = this.host.now()
    this.probe()
    if (this.down === undefined ? now - this.alone > grace : now - this.heard > interval + grace) {
      this.finish()
    } else if (this.down !== undefined && !this.over && now - this.pinged >= interval) {
      this.pinged = now
      this.askBack()
      this.flush()
    }
  }

  /**
   * Whose direction has ended may be gone altogether, or still read: only writing tells. What is written here is nothing to
   * those who read: a comment in a stream, word that the answer to a poll is in work.
   */
  private probe(): void {
    const { down } = this
    if (down?.response.req.socket.readableEnded !== true) return
    if (!down.poll) down.response.write(': open\n\n')
    else if (down.response.req.httpVersion === '1.1') down.response.writeProcessing()
  }

  /** Ends it at once; the connection ends as one that is lost. */
  finish(): void {
    this.over = true
    this.pipe.destroy()
    this.kept = []
    this.size = 0
    this.detach()
    this.host.changed(this)
  }

  // -------------------------------------------------------------------------------------------------------- to the peer

  /** The answer shows how long the way to the peer takes; where there is none, the grace decides. */
  private ping(payload: Buffer): void {
    this.pings.push({ number: this.first + this.kept.length, payload })
    if (this.down === undefined || this.over) {
      this.pong()
      return
    }
    this.pinged = this.host.now()
    this.askBack()
  }
  /** The peer posts one thing at a time: a post that waits would keep its answer to a ping back. */
  private askBack(): void {
    this.add(['ping'])
    this.pipe.wake()
  }
  private pong(): void {
    const ping = this.pings.shift()
    if (ping !== undefined) this.pipe.put(clientFrame(Opcode.pong, ping.payload))
  }

  private end(record: unknown[]): void {
    if (this.over) return
    this.add(record)
    this.over = true
    this.host.changed(this)
  }

  private add(value: unknown): void {
    if (this.over) return
    const text = event(value)
    this.kept.push(text)
    this.size += text.length
  }

  /** Lets out what the way down has not had yet. */
  private flush(): void {
    const { down } = this
    const text = this.kept.slice(this.next - this.first).join('')
    if (down === undefined || text === '') return
    this.next = this.first + this.kept.length
    if (!down.poll) down.response.write(text)
    if (down.poll) down.response.setHeader('Content-Length', Buffer.byteLength(text))
    if (down.poll || this.over) this.detach(down.poll ? text : undefined)
  }

  private detach(last?: string): void {
    const { down } = this
    this.down = undefined
    this.alone = this.host.now()
    if (down !== undefined) down.response.end(last)
    // Whether the peer comes back is seen by its coming.
    while (this.pings.length > 0) this.pong()
  }
}
