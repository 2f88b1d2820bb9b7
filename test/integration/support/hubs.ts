// Hubs for tests, and peers of other makes that speak docs/protocol.md by hand.
import { WebSocket as WsSocket } from 'ws'
import { WebSocket as UndiciSocket } from 'undici'
import { Hub, type HubOptions, WebSocketServer } from '../../../lib'
import { event, untilTold, within } from '../../support/waiters'
import { ManagedScope } from './managed'

/** A message as it came. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a hub may say
export type Said = Record<string, any> & { type: string }

/** A peer that writes JSON by hand. */
export class Peer {
  readonly said: Said[] = []
  closed: { code: number; reason: string } | undefined
  private readonly watchers = new Set<() => void>()
  private ids = 0

  private constructor(
    private readonly write: (data: string | Buffer) => void,
    readonly close: (code?: number) => void,
    readonly drop: () => void,
  ) {}

  /** Of the package `ws`. */
  static async ws(url: string, headers: Record<string, string> = {}): Promise<Peer> {
    const socket = new WsSocket(url, 'hawser.v1', { headers })
    const peer = new Peer(
      (text) => socket.send(text),
      (code) => socket.close(code),
      () => socket.terminate(),
    )
    socket.on('error', () => {})
    socket.on('message', (data) => peer.heard((data as Buffer).toString()))
    socket.on('close', (code, reason) => peer.ended(code, String(reason)))
    await event(socket, 'open')
    return peer
  }

  /** Of undici: the WebSocket of browsers. */
  static async undici(url: string): Promise<Peer> {
    const socket = new UndiciSocket(url, 'hawser.v1')
    const peer = new Peer(
      (text) => socket.send(text),
      (code) => socket.close(code),
      () => socket.close(),
    )
    socket.addEventListener('message', ({ data }) => peer.heard(String(data)))
    socket.addEventListener('close', ({ code, reason }) => peer.ended(code, reason))
    const opened = new Promise<void>((resolve) => socket.addEventListener('open', () => resolve()))
    await within(opened, 'open')
    return peer
  }

  private heard(text: string): void {
    this.said.push(JSON.parse(text) as Said)
    for (const watcher of this.watchers) watcher()
  }
  private ended(code: number, reason: string): void {
    this.closed = { code, reason }
    for (const watcher of this.watchers) watcher()
  }

  /** Sends an object as JSON, a string or bytes as they are. */
  say(message: object | string): void {
    this.write(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }
  /** Sends a message with an id, and waits for what answers it. */
  async ask(message: object): Promise<Said> {
    const id = `q${++this.ids}`
    this.say({ id, ...message })
    return this.found(({ correlationId }) => correlationId === id, `answer to ${JSON.stringify(message)}`)
  }
  /** The first message that fits, from the beginning on. */
  async found(fits: (message: Said) => boolean, label: string): Promise<Said> {
    await this.until(() => this.said.some(fits), label)
    return this.said.find(fits) as Said
  }
  of(type: string): Said[] {
    return this.said.filter((message) => message.type === type)
  }
  /** Waits for the first `count` messages of a type. */
  async got(type: string, count = 1): Promise<Said[]> {
    await this.until(() => this.of(type).length >= count, `${count} of ${type}`)
    return this.of(type)
  }
  /** Everything that was sent to it before has come. */
  async settled(): Promise<void> {
    // One with a payload is not answered ahead of the rest.
    await this.ask({ type: 'heartbeat', payload: 0 })
  }
  async end(): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closed !== undefined, 'close')
    return this.closed as { code: number; reason: string }
  }

  async until(met: () => boolean, label: string): Promise<void> {
    await untilTold(this.watchers, met, label, () => `came: ${JSON.stringify(this.said)}`)
  }
}

/** What all hubs of a test file have. */
export const hubDefaults: HubOptions = {}

export class HubScope extends ManagedScope {
  async hub(
    options: HubOptions = {},
    serverOptions: Record<string, unknown> = {},
  ): Promise<{ hub: Hub; server: WebSocketServer; url: string; port: number }> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...serverOptions })
    const hub = new Hub(server, { ...hubDefaults, ...options })
    this.track(server)
    await event(server, 'listening')
    const { port } = server.address() as { port: number }
    return { hub, server, port, url: `ws://127.0.0.1:${port}/` }
  }

  async peer(url: string, headers?: Record<string, string>): Promise<Peer> {
    return this.own(await Peer.ws(url, headers))
  }
  async browser(url: string): Promise<Peer> {
    return this.own(await Peer.undici(url))
  }
  private own(peer: Peer): Peer {
    this.defer(() => peer.drop())
    return peer
  }

  /** Peers that are in a room. */
  async joined(url: string, room: string, count = 1): Promise<Peer[]> {
    const peers: Peer[] = []
    for (let i = 0; i < count; i++) {
      const peer = await this.peer(url)
      await peer.ask({ type: 'join', room })
      peers.push(peer)
    }
    for (const peer of peers) await peer.settled()
    return peers
  }
}

/** A scope per test. */
export function useHubs(): HubScope {
  const scope = new HubScope()
  afterEach(() => scope.close())
  return scope
}
