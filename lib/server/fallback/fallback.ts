// HTTP for peers that cannot have a WebSocket: sessions that are opened, spoken to and heard by POST requests to the
// address of the WebSocket. docs/protocol.md says what they look like.
//
//   connection of the I/O thread ──► CarriedStream ──► Node's http server ─┐
//   Node's http server of the program ── hub.handleRequest() ──────────────┴─► Fallback ──► Session ──► connection
import { randomBytes } from 'node:crypto'
import { type IncomingMessage, Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Channel } from '../../native/channel'
import type { Refusal } from '../decide'
import { type UpgradeRequest, overHttp } from '../upgrade-request'
import { CarriedStream } from './carried-stream'
import { BodyReader, admitOrigin, answer, preflight } from './exchange'
import type { CheckedFallback } from './fallback-options'
import { type Head, readHead, readRecords } from './records'
import { type Opened, Session, type SessionHost } from './session'

/** The server whose connections sessions become. */
export interface FallbackServer {
  readonly origins: readonly string[]
  takes(target: string): boolean
  page(target: string): Refusal | undefined
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** A connection without a request is closed after so many milliseconds. */
const idleTime = 15_000

const noSession = 'There is no such session: it has ended, or is on another server.\n'

export class Fallback implements SessionHost {
  readonly interval: number
  readonly grace: number
  private readonly sessions = new Map<string, Session>()
  /** Sessions that have not been let in yet. */
  private opening = 0
  /** Connections of our own, with how many of their requests are not answered, and since when that is none. */
  private readonly streams = new Map<Duplex, { stream: CarriedStream; busy: number; since: number }>()
  /** A peer that has sent all it will may still read the answer. */
  private readonly http = Object.assign(new Server(), { httpAllowHalfOpen: true })
  private readonly bodies: BodyReader
  private timer: ReturnType<typeof setInterval> | undefined
  private ending = false

  constructor(
    private readonly options: CheckedFallback,
    private readonly server: FallbackServer,
  ) {
    this.interval = options.interval
    this.grace = options.grace
    this.bodies = new BodyReader(options.maxBody)
    this.http.on('request', (request, response) => this.arrived(request, response))
    this.http.on('upgrade', (request: IncomingMessage, socket, head) => {
      this.streams.delete(socket)
      this.server.handleUpgrade(request, socket, head)
    })
  }

  now(): number {
    return performance.now()
  }
  changed(session: Session): void {
    if (session.done || (this.ending && session.over && !session.attached)) this.sessions.delete(session.id)
    this.tidy()
  }
  /** Sessions that are open. */
  get size(): number {
    return this.sessions.size
  }

  /** Reads and answers what comes on a connection of the I/O thread. False: there are too many. */
  carry(channel: Channel, slot: number, request: UpgradeRequest): boolean {
    if (this.streams.size >= 2 * this.options.maxSessions + 64) return false
    const stream = new CarriedStream(channel, slot, request)
    this.streams.set(stream, { stream, busy: 0, since: this.now() })
    stream.once('close', () => {
      this.streams.delete(stream)
      this.tidy()
    })
    this.http.emit('connection', stream)
    stream.start()
    this.wind()
    return true
  }

  /** The server closes: sessions end as their connections do, and connections behind what they have to say. */
  close(): void {
    this.ending = true
    this.tidy()
  }

  /** Answers a request that is one of ours, by its method and path. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '/' } = request
    if ((method !== 'POST' && method !== 'OPTIONS') || !this.server.takes(url)) return false
    if (this.ending) response.shouldKeepAlive = false
    if (!admitOrigin(request, response, this.server.origins))
      answer(response, 403, 'This origin is not allowed.\n')
    else if (method === 'OPTIONS') preflight(response)
    else void this.post(request, response)
    return true
  }

  // ----------------------------------------------------------------------------------------------------------- requests

  private arrived(request: IncomingMessage, response: ServerResponse): void {
    const at = this.streams.get(request.socket)
    if (at !== undefined) at.busy++
    response.once('close', () => {
      if (at === undefined) return
      at.busy--
      at.since = this.now()
      this.tidy()
    })
    if (this.handle(request, response)) return
    const page = request.method === 'GET' ? this.server.page(request.url ?? '/') : undefined
    if (page !== undefined) answer(response, page.status, page.body ?? '', page.headers)
    else if (!this.server.takes(request.url ?? '/')) answer(response, 404, 'Nothing is here.\n')
    else answer(response, 426, 'This is a WebSocket endpoint.\n', ['Upgrade', 'websocket'])
  }

  private async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await this.bodies.read(request)
    if (body === undefined) return
    if (typeof body === 'number') {
      // What is left of it is not read.
      response.shouldKeepAlive = false
      answer(response, body, 'The body is too long, or came too slowly.\n')
      return
    }
    const [first, ...lines] = body.split('\n')
    const head = readHead(first)
    if (head === undefined) {
      answer(response, 400, 'The first line must be a JSON object, see docs/protocol.md.\n')
    } else if (head.session === undefined) {
      this.open(request, response, head)
    } else {
      const session = this.sessions.get(head.session)
      if (session === undefined) answer(response, 404, noSession)
      else if (!session.acknowledge(head.ack)) answer(response, 400, '`ack` is above what was sent.\n')
      else if (head.down !== undefined) this.down(session, response, head)
      else this.up(session, response, head.seq ?? 0, lines)
    }
  }

  private open(request: IncomingMessage, response: ServerResponse, head: Head): void {
    if (this.sessions.size + this.opening >= this.options.maxSessions || this.ending) {
      answer(response, 503, 'The server takes no more sessions.\n', ['Retry-After', '5'])
      return
    }
    const id = randomBytes(24).toString('base64url')
    this.opening++
    let waits = true
    const opened = (how: Opened): void => {
      if (!waits) return
      waits = false
      this.opening--
      if ('status' in how) {
        answer(response, how.status, how.body, how.headers)
        return
      }
      this.sessions.set(id, session)
      this.wind()
      const { interval, grace, maxBody } = this.options
      answer(response, 200, { session: id, protocol: how.protocol, interval, grace, maxBody })
    }
    const session = new Session(id, this, opened)
    response.once('close', () => {
      // Nobody has heard its name.
      if (!response.writableFinished) session.finish()
    })
    this.server.handleUpgrade(asUpgrade(request, head.protocols), session.pipe, Buffer.alloc(0))
  }

  private up(session: Session, response: ServerResponse, seq: number, lines: readonly string[]): void {
    const records = readRecords(lines)
    if (records === undefined) {
      session.fail('malformed record')
      answer(response, 400, 'A line is no record, see docs/protocol.md.\n')
      return
    }
    const refused = session.take(seq, records, () => answer(response, 200, { seq: session.received }))
    if (refused !== undefined) answer(response, refused, { seq: session.received })
  }

  private down(session: Session, response: ServerResponse, head: Head): void {
    // Not for anything on the way to gather, nor for a browser to guess about.
    response.setHeader('Content-Type', 'text/event-stream')
    response.setHeader('X-Accel-Buffering', 'no')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    if (!session.attach(response, head.down === 'poll', head.ack ?? 0)) {
      answer(response, 409, 'What is asked for was acknowledged, and is gone.\n')
    }
  }

  // ----------------------------------------------------------------------------------------------------------- the time

  /** Looks at sessions and connections from time to time, as long as there are any. */
  private wind(): void {
    const pace = Math.max(5, Math.min(this.interval, this.grace, 4_000) / 4)
    this.timer ??= setInterval(() => this.look(), pace).unref()
  }

  private look(): void {
    for (const session of this.sessions.values()) session.look()
    const now = this.now()
    for (const { stream, busy, since } of this.streams.values()) {
      const { waiting, since: moved } = stream.waits
      // As long as a peer that leaves a ping without an answer.
      if (waiting) {
        if (now - moved > this.interval + this.grace) stream.destroy()
      } else if (busy === 0 && now - Math.max(since, moved) > idleTime && !stream.writableEnded) stream.end()
    }
    this.tidy()
  }

  private tidy(): void {
    if (this.ending) {
      for (const [id, session] of this.sessions) {
        if (session.over && !session.attached) this.sessions.delete(id)
      }
      for (const [stream, { busy }] of this.streams) if (busy === 0 && !stream.writableEnded) stream.end()
    }
    if (this.sessions.size + this.streams.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}

const ofBody = new Set(['content-length', 'content-type', 'transfer-encoding', 'connection', 'upgrade'])
const isOurs = (name: string): boolean =>
  ofBody.has(name.toLowerCase()) || name.toLowerCase().startsWith('sec-websocket-')

/** The request that opens a session, as the upgrade that it stands for. */
function asUpgrade(request: IncomingMessage, protocols: readonly string[]): IncomingMessage {
  const added: [string, string][] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', randomBytes(16).toString('base64')],
  ]
  if (protocols.length > 0) added.push(['Sec-WebSocket-Protocol', protocols.join(', ')])
  const headers: IncomingMessage['headers'] = {}
  for (const [name, value] of Object.entries(request.headers)) if (!isOurs(name)) headers[name] = value
  for (const [name, value] of added) headers[name.toLowerCase()] = value
  const rawHeaders: string[] = []
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (!isOurs(request.rawHeaders[i])) rawHeaders.push(request.rawHeaders[i], request.rawHeaders[i + 1])
  }
  rawHeaders.push(...added.flat())
  const http = { httpVersionMajor: 1, httpVersionMinor: 1 }
  const changed = { method: 'GET', ...http, headers, rawHeaders, [overHttp]: true }
  return Object.create(request, Object.getOwnPropertyDescriptors(changed)) as IncomingMessage
}
