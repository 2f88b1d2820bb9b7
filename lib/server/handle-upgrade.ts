// An upgrade that Node's http server received: checked as RFC 6455, section 4.2.1 says, decided, and its connection taken
// over, by its descriptor where that is possible and through a pipe of bytes elsewhere.
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { HawserError, fromNative } from '../core/error'
import { tokenList } from '../core/http-syntax'
import type { Pipe } from '../core/socket-state'
import type { WebSocket } from '../core/websocket'
import type { Channel } from '../native/channel'
import { Out } from '../native/records'
import { type Accept, type Decision, type Judge, type Refusal, decide, isThenable, refusal } from './decide'
import { httpAnswer } from './http-answer'
import { JsPipe } from './js-pipe'
import { PendingAdopt } from './pending'
import { UpgradeRequest } from './upgrade-request'

/** The server that takes the connection. */
export interface Adopter extends Judge {
  readonly id: number
  readonly closing: boolean
  readonly full: boolean
  /** The reactor that gets the next connection. */
  next(): Channel
  /** Makes the socket; `pipe` is its transport when the descriptor could not be taken. */
  adopted(channel: Channel, slot: number, extensions: string, protocol: string, pipe: Pipe | null): WebSocket
  connected(socket: WebSocket, request: UpgradeRequest): void
  /** Whose rate the messages count against, where that is known by now. */
  readonly userOf: ((request: UpgradeRequest) => string | undefined) | undefined
  /** A failure of the program's own functions. */
  complain(error: HawserError): void
}

export type UpgradeCallback = (socket: WebSocket, request: IncomingMessage) => void

interface Offer {
  key: string
  extensions: string
}

/** Sixteen bytes in base64. */
const keySyntax = /^[+/0-9A-Za-z]{21}[AQgw]==$/

const busy = refusal(503, ['Retry-After', '5'], 'The server takes no more connections.\n')

const noop = (): void => {}

/** Sockets that were handed over; a second time would have two connections on one. */
const taken = new WeakSet<Duplex>()

export function handleUpgrade(
  adopter: Adopter,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer | undefined,
  callback: UpgradeCallback | undefined,
): void {
  if (taken.has(socket)) {
    throw new HawserError('INVALID_STATE', '`handleUpgrade` was called with this socket before')
  }
  taken.add(socket)
  // Node leaves upgraded sockets without listeners: a reset would be thrown.
  socket.on('error', noop)
  const offer = check(incoming)
  if ('accept' in offer) {
    refuse(socket, offer)
    return
  }
  const request = new UpgradeRequest(incoming)
  const early = admit(adopter, incoming)
  const decision = early ?? decide(adopter, request)
  const conclude = (answer: Decision): void => {
    if (socket.destroyed) return
    if (!answer.accept) {
      refuse(socket, answer)
      if (answer.error !== undefined) adopter.complain(answer.error)
    } else if (adopter.closing || adopter.full) {
      refuse(socket, busy)
    } else {
      adopt(adopter, incoming, socket, head, offer, answer, request, callback)
    }
  }
  if (isThenable(decision)) void decision.then(conclude)
  else conclude(decision)
}

/** What RFC 6455 demands of the request. */
function check(incoming: IncomingMessage): Offer | Refusal {
  const { headers } = incoming
  if (incoming.method !== 'GET') return refusal(405, ['Allow', 'GET'], 'A WebSocket is asked for with GET.\n')
  if (incoming.httpVersionMajor < 1 || (incoming.httpVersionMajor === 1 && incoming.httpVersionMinor < 1)) {
    return refusal(400, [], 'A WebSocket needs HTTP/1.1.\n')
  }
  const upgrade = tokenList(headers.upgrade ?? '') ?? []
  if (!upgrade.some((name) => name.toLowerCase() === 'websocket')) {
    return refusal(426, ['Upgrade', 'websocket'], 'Only WebSocket is spoken here.\n')
  }
  if (headers['sec-websocket-version'] !== '13') {
    return refusal(
      426,
      ['Upgrade', 'websocket', 'Sec-WebSocket-Version', '13'],
      'Only version 13 is spoken here.\n',
    )
  }
  const key = headers['sec-websocket-key']
  if (key === undefined || !keySyntax.test(key))
    return refusal(400, [], 'Sec-WebSocket-Key is missing or malformed.\n')
  const offered = tokenList(headers['sec-websocket-protocol'] ?? '')
  if (offered === undefined || new Set(offered).size < offered.length) {
    return refusal(400, [], 'Sec-WebSocket-Protocol is malformed.\n')
  }
  return { key, extensions: headers['sec-websocket-extensions'] ?? '' }
}

/** What the server's options say without asking the program. */
function admit(adopter: Adopter, incoming: IncomingMessage): Refusal | undefined {
  const { path, origins } = adopter.options
  if (adopter.closing) return busy
  if (path !== '' && pathOf(incoming.url ?? '/') !== path) return refusal(404)
  const { origin } = incoming.headers
  if (origins.length > 0 && origin !== undefined && !origins.includes(origin)) return refusal(403)
  if (adopter.full) return busy
  return undefined
}

/** A request target without its query. */
export function pathOf(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? target : target.slice(0, at)
}

function refuse(socket: Duplex, answer: Refusal): void {
  if (!socket.writable) return void socket.destroy()
  socket.end(httpAnswer(answer.status, answer.headers, answer.body), () => socket.destroy())
}

function adopt(
  adopter: Adopter,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer | undefined,
  offer: Offer,
  answer: Accept,
  request: UpgradeRequest,
  callback: UpgradeCallback | undefined,
): void {
  const channel = adopter.next()
  const plain = plainSocket(socket)
  const fd = plain === null ? -1 : (handleOf(plain)?.fd ?? -1)
  // Bytes that came while the program decided. A pipe gets them as `data` events.
  const rest: unknown = fd >= 0 ? socket.read() : null
  const parts = [head, rest].filter((part): part is Buffer => Buffer.isBuffer(part) && part.length > 0)
  let slot: number
  try {
    slot = channel.native.adopt(channel.index, {
      server: adopter.id,
      fd,
      ...offer,
      protocol: answer.protocol,
      headers: answer.headers,
      head: Buffer.concat(parts),
      address: incoming.socket.remoteAddress ?? '',
      user: adopter.userOf?.(request) ?? '',
    })
  } catch (thrown) {
    const error = fromNative(thrown)
    refuse(socket, refusal(error instanceof HawserError && error.code === 'TOO_MANY_CONNECTIONS' ? 503 : 500))
    if (!(error instanceof HawserError)) throw error
    adopter.complain(error)
    return
  }
  const pipe = fd >= 0 ? null : new JsPipe(channel, slot, socket)
  const pending = new PendingAdopt(
    (extensions) => {
      const adopted = adopter.adopted(channel, slot, extensions, answer.protocol, pipe)
      request.protocol = answer.protocol
      channel.holdForTurn(adopted)
      if (callback !== undefined) callback(adopted, incoming)
      else adopter.connected(adopted, request)
    },
    () => {},
  )
  pending.pipe = pipe
  channel.sockets[slot] = pending
  channel.command(Out.adopt, slot)
  if (pipe !== null) pipe.start()
  else if (plain !== null) release(plain)
}

interface Handle {
  fd?: number
  readStop?(): void
}

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as unknown as { _handle?: Handle | null })._handle
}

/** A TCP socket of Node's whose descriptor can be taken. */
function plainSocket(socket: Duplex): Socket | null {
  if (!(socket instanceof Socket) || socket instanceof TLSSocket || socket.destroyed) return null
  // Bytes that Node still has to write would be lost with its socket.
  return socket.remoteFamily === undefined || socket.writableLength > 0 ? null : socket
}

/** Lets go of Node's side. The connection lives on in the duplicated descriptor, so nothing is said to the peer. */
function release(socket: Socket): void {
  handleOf(socket)?.readStop?.()
  socket.destroy()
}
