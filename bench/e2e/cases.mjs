// The cases and what they have to reach. Targets are ratios of our median to a peer's, or absolute figures.
//
//   target  { over: peer, atLeast | atMost: ratio, aim?: ratio }   or   { atMost: figure, aim?: figure }
//           or { equals: figure }; `of` names the measured property when it is not the case's own (`value`), `in` the
//           case whose figure of the peer is meant, when it is another one
import { clientCases } from './client-cases.mjs'
import { reactCases } from './react-cases.mjs'
import { roomCases } from './room-cases.mjs'

import { oneThread } from './peers.mjs'

const echoPeers = ['hawser', 'ws', 'bun', 'deno']
const mainPeers = ['hawser', 'ws', 'bun']
// Compression is spread over two I/O threads of hawser's, as over the four zlib threads that ws has by itself; the
// figure of one thread stands beside.
const spread = { threads: 2, peers: ['hawser', oneThread, 'ws', 'bun'] }

function echo(id, title, load, targets, more = {}) {
  return {
    id,
    group: 'echo',
    kind: 'echo',
    title,
    load,
    unit: 'messages/s',
    peers: echoPeers,
    targets,
    ...more,
  }
}

export const cases = [
  echo(
    'echo-20x16',
    'server echo, 100 connections × 20 B × 16 in flight',
    { connections: 100, size: 20, 'in-flight': 16 },
    [
      { over: 'ws', atLeast: 11 },
      { over: 'bun', atLeast: 0.75, aim: 1.1 },
    ],
  ),
  echo('echo-20x1', 'server echo, 100 × 20 B × 1', { connections: 100, size: 20, 'in-flight': 1 }, [
    { over: 'ws', atLeast: 1.4 },
    { over: 'bun', atLeast: 0.9, aim: 1.1 },
  ]),
  echo('echo-1kx16', 'server echo, 100 × 1 KiB × 16', { connections: 100, size: 1024, 'in-flight': 16 }, [
    { over: 'ws', atLeast: 8 },
    { over: 'bun', atLeast: 0.9, aim: 1.1 },
  ]),
  echo('echo-64kx4', 'server echo, 10 × 64 KiB × 4', { connections: 10, size: 65536, 'in-flight': 4 }, [
    { over: 'ws', atLeast: 1.1 },
    { over: 'bun', atLeast: 1.2 },
  ]),
  {
    id: 'rtt',
    group: 'rtt',
    kind: 'rtt',
    title: 'round trip of one connection, 20 B, p50',
    load: { size: 20 },
    unit: 'µs',
    lowerIsBetter: true,
    peers: echoPeers,
    targets: [{ over: 'ws', atMost: 1.3, aim: 1.0 }],
  },
  echo(
    'wss-records',
    'wss echo, 100 × 20 B × 16, TLS 1.3, every frame a record of its own',
    { connections: 100, size: 20, 'in-flight': 16, tls: true },
    [{ over: 'ws', atLeast: 5 }],
    { group: 'wss', peers: mainPeers },
  ),
  echo(
    'wss-packed',
    'wss echo, 100 × 20 B × 16, TLS 1.3, frames share records',
    { connections: 100, size: 20, 'in-flight': 16, tls: true, pack: true },
    [{ over: 'ws', atLeast: 5 }],
    { group: 'wss', peers: mainPeers },
  ),
  ...[true, false].map((takeover) =>
    echo(
      takeover ? 'deflate-takeover' : 'deflate-fresh',
      `deflate echo, 50 × 2 KiB of JSON × 8, level 6, ${takeover ? 'context takeover' : 'no context takeover'}, hawser on two I/O threads`,
      { connections: 50, size: 2048, 'in-flight': 8, deflate: true, takeover: takeover ? 1 : 0, level: 6 },
      [
        { over: 'ws', atLeast: 3 },
        { over: 'ws', of: 'growth', atMost: 1 },
      ],
      { group: 'deflate', ...spread },
    ),
  ),
  {
    id: 'publish',
    group: 'publish',
    kind: 'publish',
    title: 'publish 128 B to 1,000 subscribers, window of 16 messages',
    load: { connections: 1000, window: 16, size: 128 },
    unit: 'deliveries/s',
    peers: mainPeers,
    targets: [
      { over: 'ws', atLeast: 15 },
      { over: 'bun', atLeast: 0.95, aim: 1.3 },
    ],
  },
  {
    id: 'receive',
    group: 'receive',
    kind: 'receive',
    title: 'client: receive and JSON.parse every message of an 85 B feed',
    load: { size: 85 },
    unit: 'messages/s',
    peers: ['hawser', 'ws', 'undici', 'node24', 'bun', 'deno'],
    targets: [{ over: 'ws', atLeast: 1.3 }],
  },
  {
    id: 'send',
    group: 'send',
    kind: 'send',
    title: 'client: send 20 B messages in a burst, counted at the receiver',
    load: { size: 20 },
    unit: 'messages/s',
    peers: ['hawser', 'ws', 'undici', 'node24', 'bun', 'deno'],
    targets: [{ over: 'ws', atLeast: 10 }],
  },
  ...clientCases,
  ...reactCases,
  ...roomCases,
  ...[
    ['idle-plain', 'plain', {}, [{ atMost: 1024, aim: 700 }]],
    ['idle-tls', 'TLS', { tls: true }, lowerThanBoth()],
    ['idle-deflate', 'permessage-deflate agreed on', { deflate: true }, lowerThanBoth()],
    [
      'idle-deflate-used',
      'permessage-deflate, one message echoed on each',
      { deflate: true, touch: true },
      lowerThanBoth(),
    ],
  ].map(([id, what, load, targets]) => ({
    id,
    group: 'idle',
    kind: 'idle',
    title: `idle memory of 10,000 connections, ${what}`,
    load: { connections: 10000, ...load },
    unit: 'bytes a connection',
    lowerIsBetter: true,
    mostRounds: 3,
    peers: mainPeers,
    targets,
  })),
  {
    id: 'heartbeat',
    group: 'heartbeat',
    kind: 'heartbeat',
    title: 'event loop blocked for 10 s, heartbeat 1 s / 1 s, 100 idle peers, 20 that vanish',
    load: { live: 100, silent: 20, flooding: 0, block: 10 },
    unit: 'live peers lost',
    lowerIsBetter: true,
    mostRounds: 1,
    peers: ['hawser', 'ws'],
    // A peer that vanishes is found out within interval and timeout; half a second is for the machine.
    targets: [{ equals: 0 }, { of: 'deadLeftOpen', equals: 0 }, { of: 'deadClosedAfter', atMost: 2500 }],
  },
  {
    id: 'heartbeat-flood',
    group: 'heartbeat',
    kind: 'heartbeat',
    title: 'the same with 20 more peers that send all the time (reported)',
    load: { live: 100, silent: 20, flooding: 20, block: 10 },
    unit: 'live peers lost',
    lowerIsBetter: true,
    mostRounds: 1,
    peers: ['hawser', 'ws'],
    targets: [],
  },
]

function lowerThanBoth() {
  return [
    { over: 'ws', atMost: 1 },
    { over: 'bun', atMost: 1 },
  ]
}
