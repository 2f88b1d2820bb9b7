// A run of the demo as its parts see it, in which all is well.
import type { State } from '../../examples/demo/screen.mjs'
import type { Outcome } from '../../examples/demo/summary.mjs'

export const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  run: { elapsed: 10, cpu: 1.2, utilisation: 0.5, peak: 150e6, lag: { p50: 0.2, p99: 3, max: 12 } },
  service: {
    intake: 9_000_000,
    intakeBytes: 900e6,
    records: 1_000_000,
    bytes: 100e6,
    unreadable: 0,
    dropped: 0,
    held: 2500,
    reconnects: 3,
  },
  restarts: 3,
  ledger: { sent: 2000, acked: 2000, lost: 0, repeated: 20, reconnects: 1 },
  totals: { received: 2_000_000, bytes: 220e6, missing: 0, wrong: 0 },
  subscribers: [
    { name: 'ws 8', state: 'done', why: '' },
    { name: 'undici 7', state: 'done', why: '' },
  ],
  policy: 'throttle',
  trouble: '',
  ...more,
})

const stream = { rate: 123_456, mean: 100_000, total: 1_234_567, bytes: 14.2e6, history: [1, 2, 3, 4] }
const subscriber = { slow: false, rate: 60_000, bytes: 7e6, total: 600_000, missing: 0, wrong: 0 }

export const state = (more: Partial<State> = {}): State => ({
  elapsed: 12.3,
  seconds: 60,
  feed: { records: 10_000, topics: 59, rate: 0 },
  url: 'ws://127.0.0.1:4711',
  ending: false,
  in: stream,
  js: { ...stream, rate: 7_654 },
  out: { ...stream, rate: 246_912 },
  loop: { utilisation: 0.42, p50: 0.2, p99: 3.4, max: 12.3 },
  process: { cpu: 1.31, rss: 120e6, heap: 30e6 },
  connections: { subscribers: 2, feed: true, restarts: 1, reconnects: 2 },
  ledger: { sent: 2345, acked: 2340, lost: 0, repeated: 6 },
  flow: { policy: 'throttle', held: 0.25, holding: false, behind: 2e6, bound: 8e6, dropped: 0 },
  subscribers: [
    { ...subscriber, name: 'ws 8', state: 'reading' },
    { ...subscriber, name: 'undici 7', state: 'reading', rate: 30_000 },
  ],
  ...more,
})
