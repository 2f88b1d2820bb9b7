// The cases of the managed client: what it saves the event loop. Fields as in cases.mjs.
const runtimes = ['undici', 'node24', 'bun']
const feed = { 'want-every': 100, types: 100, keys: 1000 }

function routed(id, title, size, targets) {
  return {
    id,
    group: 'client',
    kind: 'feed',
    title,
    load: { size, ...feed },
    unit: 'messages/s',
    peers: ['hawser', 'ws', 'ws-includes', ...runtimes],
    targets: [...targets, { of: 'loop', atMost: 0.25 }],
  }
}

const everyMessage = { size: 85, 'want-every': 1, keys: 1000 }

export const clientCases = [
  routed('route-85', 'managed client: feed of 85 B JSON, a handler for 1 in 100 messages', 85, [
    { over: 'ws', atLeast: 10 },
    { over: 'ws-includes', atLeast: 4 },
  ]),
  routed('route-1k', 'managed client: feed of 1 KiB JSON, a handler for 1 in 100 messages', 1024, [
    { over: 'ws', atLeast: 4 },
    { over: 'ws-includes', atLeast: 2 },
  ]),
  {
    id: 'rxjs-85',
    group: 'client',
    kind: 'rxjs',
    title: 'RxJS: feed of 85 B JSON, a stream of 1 in 100 messages; the others filter rxjs/webSocket',
    load: { size: 85, ...feed },
    unit: 'messages/s',
    peers: ['hawser', 'ws', 'undici', 'node24'],
    targets: [
      { over: 'ws', atLeast: 10 },
      { over: 'undici', atLeast: 10 },
      { over: 'node24', atLeast: 10 },
      { of: 'loop', atMost: 0.25 },
    ],
  },
  {
    id: 'conflate',
    group: 'client',
    kind: 'conflate',
    title: 'managed client: 1,000 keys of an 85 B feed conflated to 20 updates/s each',
    load: { ...everyMessage, every: 50 },
    unit: 'messages/s',
    peers: ['hawser'],
    targets: [
      { over: 'hawser', in: 'route-85', atLeast: 0.4 },
      { of: 'loop', atMost: 0.25 },
    ],
  },
  {
    id: 'columns',
    group: 'client',
    kind: 'columns',
    title: 'managed client: 3 numbers of every message of an 85 B feed as columns',
    load: everyMessage,
    unit: 'messages/s',
    peers: ['hawser', 'ws', 'node24', 'bun'],
    targets: [{ over: 'ws', atLeast: 4 }],
  },
  {
    id: 'request',
    group: 'client',
    kind: 'request',
    title: 'managed client: requests, 64 in flight on one connection',
    load: { inFlight: 64 },
    unit: 'requests/s',
    peers: ['hawser', 'ws', ...runtimes],
    targets: [{ over: 'ws', atLeast: 4 }],
  },
  {
    id: 'idle-clients',
    group: 'client',
    kind: 'idleClients',
    title: '1,000 managed clients in one process, idle, heartbeat 30 s',
    load: { clients: 1000, interval: 30_000, seconds: 35 },
    unit: 'bytes a client',
    lowerIsBetter: true,
    mostRounds: 2,
    peers: ['hawser', 'reconnecting-websocket', 'partysocket'],
    targets: ['reconnecting-websocket', 'partysocket'].flatMap((over) => [
      { over, atMost: 1 },
      { over, of: 'idleCpu', atMost: 1 },
    ]),
  },
]
