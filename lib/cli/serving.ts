// What `hawser serve` does with those who connect: echo, broadcast by path, or a hub.
import type { WebSocket } from '../core/websocket'
import { Hub } from '../server/hub/hub'
import type { Identity } from '../server/hub/auth'
import type { WebSocketServer } from '../server/websocket-server'
import { MistypedLine } from './conversation'
import { readSaid } from './hub-peer'

export const modes = ['echo', 'broadcast', 'hub'] as const
export type Mode = (typeof modes)[number]

/** Something to be logged. */
export type Log = (event: string, facts: Readonly<Record<string, unknown>>) => void

export interface Serving {
  /** Says a line of the input to everybody. False: wait for the server's `drain`. */
  publish(line: string): boolean
  close(): Promise<void>
}

/** Everybody's topic; paths begin with a slash. */
const everybody = 'all'

/** Every message goes back to whom it came from. */
export function echo(server: WebSocketServer, log: Log): Serving {
  server.on('connection', (socket, request) => {
    const peer = logged(server, request.remoteAddress, request.url, log)
    socket.subscribe(everybody)
    socket.on('message', (data, isBinary) => {
      log('message', { ...peer, bytes: data.length, binary: isBinary })
      // Who does not read what comes back is not read from either.
      if (!socket.send(data, { binary: isBinary })) {
        socket.pause()
        socket.once('drain', () => socket.resume())
      }
    })
    socket.on('close', (code, reason) => log('close', { ...peer, code, reason }))
  })
  return plain(server)
}

/** Every message goes to all others that connected to the same path. */
export function broadcast(server: WebSocketServer, log: Log): Serving {
  const held = new Set<WebSocket>()
  server.on('drain', () => {
    for (const socket of held) socket.resume()
    held.clear()
  })
  server.on('connection', (socket, request) => {
    const peer = logged(server, request.remoteAddress, request.url, log)
    const [path] = request.url.split('?')
    socket.subscribe(everybody)
    socket.subscribe(path)
    socket.on('message', (data, isBinary) => {
      log('message', { ...peer, bytes: data.length, binary: isBinary })
      if (!socket.publish(path, data, { binary: isBinary })) {
        socket.pause()
        held.add(socket)
      }
    })
    socket.on('close', (code, reason) => {
      held.delete(socket)
      log('close', { ...peer, code, reason })
    })
  })
  return plain(server)
}

let peers = 0
function logged(server: WebSocketServer, from: string, path: string, log: Log): { peer: number } {
  const peer = { peer: ++peers }
  log('open', { ...peer, from, path, connections: server.clients.size })
  return peer
}

function plain(server: WebSocketServer): Serving {
  return {
    publish: (line) => server.publish(everybody, line),
    close: () => server.close({ timeout: 2000 }),
  }
}

export interface HubServing {
  /** The rooms there are; none: any. */
  rooms: readonly string[]
  /** Users by token; none: everybody is let in. */
  users: ReadonlyMap<string, string>
  /** Messages that each room keeps. */
  history: number
}

/**
 * Messages go to the others in their room, without a room to all others. Requests of the types `echo`, `time`, `rooms` and
 * `members` are answered.
 */
export function hub(server: WebSocketServer, log: Log, { rooms, users, history }: HubServing): Serving {
  const it = new Hub(server, {
    ...(history > 0 ? { history: { count: history } } : {}),
    ...(rooms.length > 0
      ? { authorize: (_, action, room) => action !== 'join' || rooms.includes(room ?? '') }
      : {}),
    ...(users.size > 0 ? { auth: (_, token) => identityOf(users, token) } : {}),
    presence: true,
    http: { health: '/healthz', metrics: '/metrics' },
    log: ({ event, ...facts }) => log(event, facts),
  })
  it.on('*', (payload, ctx, { type, room }) => {
    log('message', { connection: ctx.id, type, ...(room === undefined ? {} : { room }) })
    if (asked.has(type)) return
    if (room === undefined) ctx.broadcast(type, payload)
    else ctx.to(room).send(type, payload)
  })
  const asked = new Set(['echo', 'time', 'rooms', 'members'])
  it.handle('echo', (payload: unknown) => payload)
  it.handle('time', () => Date.now())
  it.handle('rooms', () => Object.fromEntries(it.rooms.map((room) => [room, it.size(room)])))
  it.handle('members', (_, __, { room }) => it.presenceIn(room ?? ''))
  return {
    publish: (line) => {
      const { type, room, payload } = readSaid(line)
      try {
        return room === undefined ? it.broadcast(type, payload) : it.to(room).send(type, payload)
      } catch (error) {
        throw (error as { code?: string }).code === 'INVALID_ARGUMENT'
          ? new MistypedLine((error as Error).message)
          : error
      }
    },
    close: () => it.close({ timeout: 2000 }),
  }
}

function identityOf(users: ReadonlyMap<string, string>, token: string | undefined): Identity | undefined {
  const userId = token === undefined ? undefined : users.get(token)
  return userId === undefined ? undefined : { userId }
}
