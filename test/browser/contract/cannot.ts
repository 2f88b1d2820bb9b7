// Cases that cannot run in a page, each with the reason.

export type Way = 'WebSocket' | 'HTTP' | 'polls'

interface Impossible {
  file: string
  name: string
  ways: Way[]
  why: string
}

const sixConnections =
  'a browser opens six connections of HTTP/1.1 to a host, and each of the clients keeps one'

export const impossible: Impossible[] = [
  {
    file: 'client-batch',
    name: 'in batches or one by one, the same messages come, once and in order',
    ways: ['WebSocket'],
    why: 'it blocks its thread while that of the native engine goes on; a page may not',
  },
  {
    file: 'hub-client',
    name: 'resume random losses: each client has every message of each room, in order and once',
    ways: ['HTTP', 'polls'],
    why: sixConnections,
  },
  {
    file: 'hub-reconnect',
    name: 'many losses: each message is handled once and in order, and none is refused',
    ways: ['HTTP'],
    why: sixConnections,
  },
]
