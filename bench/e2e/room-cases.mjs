// The cases of the hub. Fields as in cases.mjs.
const rooms = ['hawser', 'socket.io', 'ws']
const chat = { mode: 'chat', connections: 1000, rooms: 50 }

function room(id, title, load, unit, targets, more = {}) {
  return { id, group: 'hub', kind: 'rooms', title, load, unit, peers: rooms, targets, ...more }
}

export const roomCases = [
  room(
    'hub-fanout',
    'hub: a JSON message to a room of 1,000 members, window of 16 messages',
    { mode: 'fanout', connections: 1000, window: 16 },
    'deliveries/s',
    [
      { over: 'socket.io', atLeast: 8 },
      { over: 'ws', atLeast: 12 },
    ],
  ),
  room(
    'hub-chat',
    'hub: chat, 1,000 clients in 50 rooms, each message from a client to its room',
    chat,
    'deliveries/s',
    [{ over: 'socket.io', atLeast: 6 }],
  ),
  room(
    'hub-churn',
    'hub: join and leave of 100 clients, join notices off',
    { mode: 'churn', connections: 100, rooms: 50 },
    'joins and leaves/s',
    [{ over: 'socket.io', atLeast: 3 }],
  ),
  room(
    'hub-nodes',
    'hub: two nodes over Redis, a JSON message to a room of 1,000 members, 500 on each',
    { mode: 'fanout', connections: 1000, window: 16 },
    'deliveries/s',
    [{ over: 'socket.io', atLeast: 5 }],
    { kind: 'nodes', peers: ['hawser', 'socket.io'] },
  ),
  {
    id: 'hub-resume',
    group: 'hub',
    kind: 'resume',
    title:
      'hub: 10,000 clients in 100 rooms resume after a restart, 20 messages missed each, history in Redis',
    load: { connections: 10_000, rooms: 100, missed: 20 },
    unit: 'seconds until all have all',
    lowerIsBetter: true,
    mostRounds: 3,
    peers: ['hawser'],
    targets: [],
  },
  {
    id: 'hub-memory',
    group: 'hub',
    kind: 'members',
    title: 'hub: memory of 10,000 clients that have joined a room of 100',
    load: { mode: 'hold', connections: 10_000, rooms: 100 },
    unit: 'bytes a client',
    lowerIsBetter: true,
    mostRounds: 3,
    peers: rooms,
    targets: [{ over: 'socket.io', atMost: 0.25 }],
  },
]
