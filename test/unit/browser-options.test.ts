// Options of clients are read twice: in Node, and in fewer bytes in browsers. The two agree on what is meant, and on what
// is refused.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaults as browserDefaults } from '../../lib/browser/defaults'
import { readOptions as readShort } from '../../lib/browser/options'
import { readSend as shortSend, readRequest as shortRequest } from '../../lib/browser/client-send'
import { encode as shortEncode } from '../../lib/browser/envelope'
import { readLayout as shortLayout } from '../../lib/browser/layout'
import { checkPattern as shortPattern, readSpec as shortSpec } from '../../lib/browser/subscription-spec'
import { readRequest, readSend } from '../../lib/client/client-send'
import { type Parts, encode } from '../../lib/client/envelope'
import { readLayout } from '../../lib/client/layout'
import { readPortableOptions } from '../../lib/client/portable/portable-options'
import { checkPattern, readSpec } from '../../lib/client/subscription-spec'

const Socket = function (): void {
  // Nobody connects here.
}
const url = 'ws://127.0.0.1:1/'

/** What a call returns, or the code and the class of what it throws. */
function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    const { code, constructor } = error as Error & { code: string }
    return `${constructor.name} ${code}`
  }
}
/** Without what only the core of Node has a use for. */
function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  const left = ['typeAt', 'roomAt', 'correlationAt', 'payloadAt', 'errorAt', 'given']
  return Object.fromEntries(Object.entries(value).filter(([name]) => !left.includes(name)))
}
function options(read: (options: unknown) => object, given: unknown): unknown {
  return outcome(() => {
    const { targets, auth, layout, router, codec, portable, ...rest } = read(given) as Record<string, unknown>
    const hrefs = (targets as { href: string }[]).map(({ href }) => href)
    const as = (auth as { as: string } | undefined)?.as
    return { ...rest, hrefs, as, layout: plain(layout), portable, codec, router }
  })
}

const good: object[] = [
  {},
  { protocols: 'a' },
  { protocols: ['a', 'hawser.v1'] },
  { hawser: false },
  { strategy: 'latency' },
  { auth: () => 'token' },
  { auth: { token: 'x', as: 'query', name: 'n' } },
  { reconnect: false },
  { reconnect: true },
  { reconnect: { minDelay: 60_000 } },
  { reconnect: { factor: 1.5, jitter: 0, recoverableCodes: [4000], finalCodes: [4001], adaptive: false } },
  { learned: [{ url, opened: 1, failed: 2, successRate: 0.5, latency: 3.5 }] },
  { learned: [{ url: 'ws://other/', opened: 1, failed: 2, successRate: 0.5, latency: 3 }] },
  { heartbeat: false },
  { heartbeat: true },
  { heartbeat: { interval: 5, timeout: 6, messages: true } },
  { queue: { maxMessages: 0, maxBytes: 100, overflow: 'reject', ttl: 5, ackTimeout: 6, retries: 0 } },
  { queue: { maxBytes: 100 * 2 ** 20 } },
  { queue: { store: 'name' } },
  { queue: { store: { path: 'p', name: 'n', fsync: true, kind: 'localStorage' } } },
  { sendBatch: true },
  { sendBatch: false },
  { sendBatch: { max: 5, every: 6, always: true } },
  { routing: { type: '/e', id: false, timestamp: false, reply: false } },
  { acks: true },
  { fallback: 'off' },
  { fallback: 'auto' },
  { fallback: { after: 1, retry: 0 } },
  { acks: false },
  { acks: 'auto' },
  { requestTimeout: 5, maxRequests: 6 },
  { maxPayload: 5, highWaterMark: 6, maxBackpressure: 7, connectTimeout: 0, closeTimeout: 0 },
  { maxBackpressure: 1000 },
  { highWaterMark: 1000 },
  { perMessageDeflate: true, handshakeTimeout: 5, attemptDelay: 6, maxHeaderSize: 7 },
  { url: [url, 'wss://b/c?d'] },
  { url: new URL('http://a/b') },
]
const bad: object[] = [
  { url: [] },
  { url: 'ftp://x' },
  { url: 'ws://a/#b' },
  { url: 'ws://a:b@c' },
  { url: 5 },
  { url: 'no' },
  { unheard: 1 },
  { protocols: 'a b' },
  { protocols: ['a', 'a'] },
  { hawser: 1 },
  { strategy: 'x' },
  { auth: 5 },
  { auth: { token: 'x', as: 'header' } },
  { reconnect: 5 },
  { reconnect: { minDelay: 0 } },
  { reconnect: { minDelay: 'x' } },
  { reconnect: { maxDelay: 5 } },
  { reconnect: { factor: 0.5 } },
  { reconnect: { jitter: 'x' } },
  { reconnect: { finalCodes: [5] } },
  { reconnect: { unheard: 1 } },
  { learned: 5 },
  { learned: [5] },
  { learned: [{ url, opened: -1, failed: 2, successRate: 0.5, latency: 3 }] },
  { heartbeat: 5 },
  { heartbeat: { interval: 0 } },
  { queue: 5 },
  { queue: { overflow: 'x' } },
  { queue: { store: '' } },
  { queue: { store: { path: 'p', kind: 'x' } } },
  { sendBatch: 5 },
  { sendBatch: { max: 1 } },
  { routing: { type: 'x' } },
  { routing: { reply: 5 } },
  { routing: { unheard: '/x' } },
  { codec: 5 },
  { dialect: 5 },
  { acks: 5 },
  { fallback: 5 },
  { fallback: { after: 0 } },
  { acks: 'true' },
  { protocols: [5] },
  { requestTimeout: 0 },
  { maxBackpressure: 5, highWaterMark: 6 },
  { WebSocket: 5 },
]

/** The numbers of a client's own options. */
const rows = Object.entries(browserDefaults).filter(([name]) => !/^(?:throttle|debounce|auth\.)/.test(name))
// Each number on its own: what is usual, and where it begins and ends to be refused.
test.each(rows)('number %s', (name, { min, max }) => {
  const [outer, inner] = name.split('.')
  for (const value of [undefined, min, max, min - 1, max + 1, min + 0.5, NaN, `${min}`, null]) {
    const all = { url, WebSocket: Socket, [outer]: inner === undefined ? value : { [inner]: value } }
    expect({ value, read: options(readShort, all) }).toEqual({
      value,
      read: options((one) => readPortableOptions(one, 'a browser'), all),
    })
  }
})
test('no option of Node is unknown in browsers, or the other way round', () => {
  const known = (read: (options: unknown) => unknown, prefix: string, names: string[]): string[] =>
    names.filter((name) => {
      const [outer, middle, inner] = [...prefix.split('.').filter(Boolean), name]
      const leaf = inner === undefined ? { [middle ?? '']: 5n } : { [middle]: { [inner]: 5n } }
      const given = middle === undefined ? { [outer]: 5n } : { [outer]: leaf }
      try {
        read({ url, WebSocket: Socket, ...given })
      } catch (error) {
        return !/no option/.test((error as Error).message)
      }
      return true
    })
  const text = [
    '../../lib/browser/options.ts',
    '../../lib/client/shared-options.ts',
    '../../lib/client/client-options.ts',
  ]
    .map((file) => readFileSync(join(__dirname, file), 'utf8'))
    .join('\n')
  const words = [...new Set(text.match(/[A-Za-z]+/g))]
  for (const prefix of ['', 'reconnect', 'heartbeat', 'queue', 'queue.store', 'sendBatch', 'fallback']) {
    const long = known((one) => readPortableOptions(one, 'a browser'), prefix, words)
    expect({ prefix, known: known(readShort, prefix, words) }).toEqual({ prefix, known: long })
    expect(long.length).toBeLessThan(words.length / 4)
    expect(long.length).toBeGreaterThan(2)
  }
})

test.each([...good, ...bad])('options %j', (given) => {
  const all = { url, WebSocket: Socket, ...given }
  const read = options((one) => readPortableOptions(one, 'a browser'), all)
  expect(options(readShort, all)).toEqual(read)
  expect(typeof read).toBe(good.includes(given) ? 'object' : 'string')
})

const sends: object[] = [
  {},
  { priority: 'high', ttl: 5, room: 'r', correlationId: 'c', compress: false },
  { ack: true, signal: new AbortController().signal },
  { durable: true },
  { throttle: true },
  { debounce: 5, key: 'k' },
  { throttle: false },
  ...[
    { priority: 'x' },
    { ttl: 0 },
    { room: 5 },
    { ack: 1 },
    { signal: 1 },
    { unheard: 1 },
    { throttle: 'x' },
  ],
  ...[
    { throttle: 5, debounce: 5 },
    { key: 'k' },
    { throttle: 5, ack: true },
    { throttle: 5, key: '' },
    { debounce: -1 },
  ],
]
test.each(sends)('send %j', (given) => {
  const told = (read: typeof readSend, store: boolean): unknown =>
    outcome(() => {
      const { ack, durable, signal, room, correlationId, message } = read('t', given, store)
      return { ack, durable, signal, room, correlationId, message }
    })
  for (const store of [true, false]) expect(told(shortSend, store)).toEqual(told(readSend, store))
})
test.each([{}, { timeout: 5, priority: 'low', room: 'r' }, { timeout: 0 }, { unheard: 1 }])(
  'request %j',
  (given) => {
    expect(outcome(() => shortRequest(given as never, 7))).toEqual(
      outcome(() => readRequest(given as never, 7)),
    )
  },
)

test.each([
  'm',
  'a.*',
  '*',
  'a.b.*',
  '',
  'a*',
  '*.a',
  '.*',
  'a.*.b',
  'é'.repeat(65),
  'a'.repeat(128),
  5,
  undefined,
])('pattern %j', (given) => {
  expect(outcome(() => shortPattern('type', given))).toEqual(outcome(() => checkPattern('type', given)))
  expect(outcome(() => shortSpec({ type: given }))).toEqual(outcome(() => readSpec({ type: given })))
})
test.each([undefined, { payload: '/a/b~1c' }, { id: false }, { type: '' }, { type: '/a~2' }, { error: 5 }])(
  'layout %j',
  (given) => {
    const told = (read: (given: unknown) => unknown): unknown => outcome(() => plain(read(given)))
    expect(told(shortLayout)).toEqual(told(readLayout))
  },
)

test('envelopes are the same texts', () => {
  const layouts = [
    [readLayout(undefined), shortLayout(undefined)],
    [readLayout({ type: '/t', id: false }), shortLayout({ type: '/t', id: false })],
  ]
  const round: unknown[] = []
  round.push(round)
  const payloads = [undefined, null, '', 'é"', 0, false, { a: [undefined] }, round, 1n, () => 0, Symbol('s')]
  const more: Partial<Parts>[] = [{}, { ack: true }, { ack: false }, { room: 'r"', correlationId: 'i' }]
  more.push({ correlationId: 'é"', ack: true })
  for (const [own, short] of layouts)
    for (const payload of payloads)
      for (const each of more) {
        const parts = { id: 'i', room: undefined, correlationId: undefined, ...each, payload }
        const texts = [encode, shortEncode].map((write, i) =>
          outcome(() => write([own, short][i], 'a"', parts, 5)),
        )
        expect(texts[1]).toEqual(texts[0])
      }
})
