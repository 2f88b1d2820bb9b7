// Wrong arguments throw a TypeError or RangeError with a stable code, at once, and nothing is sent.
import { OP } from '../support/frames'
import { RawPeer } from '../support/raw-peer'
import { useScope } from '../support/scope'
import { WebSocket, WebSocketServer } from '../support/subject'
import { event, thrown } from '../support/waiters'

const scope = useScope()
type Wrong = [name: string, call: (socket: WebSocket) => unknown, code?: string]

function expectCoded(error: (Error & { code?: string }) | undefined, code: string): void {
  expect(error?.code).toBe(code)
  expect(['TypeError', 'RangeError', 'HawserTypeError', 'HawserRangeError']).toContain(
    error!.constructor.name,
  )
  expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
  expect(error!.message.length).toBeGreaterThan(10)
}

const any = (value: unknown): never => value as never

const wrongCalls: Wrong[] = [
  ['send()', (s) => s.send(any(undefined))],
  ['send(null)', (s) => s.send(any(null))],
  ['send(a number)', (s) => s.send(any(5))],
  ['send(true)', (s) => s.send(any(true))],
  ['send(an object)', (s) => s.send(any({ a: 1 }))],
  ['send(an array)', (s) => s.send(any([1, 2]))],
  ['send(a symbol)', (s) => s.send(any(Symbol('s')))],
  ['send(a bigint)', (s) => s.send(any(1n))],
  ['send with options that are a string', (s) => s.send('x', any('binary'))],
  ['send with options that are a number', (s) => s.send('x', any(1))],
  ['send with binary: 1', (s) => s.send('x', { binary: any(1) })],
  ['send with compress: "yes"', (s) => s.send('x', { compress: any('yes') })],
  ['send with fin: 0', (s) => s.send('x', { fin: any(0) })],
  ['send with a callback that is none', (s) => s.send('x', {}, any('cb'))],
  ['bytes that are no UTF-8 as text', (s) => s.send(Buffer.from([0xff, 0xfe]), { binary: false })],
  ['ping(126 bytes)', (s) => s.ping(Buffer.alloc(126))],
  ['ping(126 characters)', (s) => s.ping('x'.repeat(126))],
  ['ping(a number)', (s) => s.ping(any(1))],
  ['ping(an object)', (s) => s.ping(any({}))],
  ['pong(126 bytes)', (s) => s.pong(Buffer.alloc(126))],
  ['pong(null)', (s) => s.pong(any(null))],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536, -1].map((code): Wrong => [
    `close(${code})`,
    (s) => s.close(code),
  ]),
  ['close(NaN)', (s) => s.close(NaN)],
  ['close(1000.5)', (s) => s.close(1000.5)],
  ['close("1000")', (s) => s.close(any('1000'))],
  ['close(null)', (s) => s.close(any(null))],
  ['close with 124 bytes of reason', (s) => s.close(1000, 'x'.repeat(124))],
  ['close with 62 letters of two bytes', (s) => s.close(1000, 'é'.repeat(62))],
  ['close with a reason that is a number', (s) => s.close(1000, any(5))],
  ['binaryType = "text"', (s) => (s.binaryType = any('text'))],
  ['addEventListener with a number', (s) => s.addEventListener('message', any(5))],
]

const wrongTopics: Wrong[] = [
  ['subscribe()', (s) => s.subscribe(any(undefined))],
  ['subscribe("")', (s) => s.subscribe('')],
  ['subscribe(5)', (s) => s.subscribe(any(5))],
  ['subscribe(65,536 bytes)', (s) => s.subscribe('x'.repeat(65536))],
  ['unsubscribe(null)', (s) => s.unsubscribe(any(null))],
  ['publish without data', (s) => s.publish('t', any(undefined))],
  ['publish(5)', (s) => s.publish('t', any(5))],
  ['publish to no topic', (s) => s.publish(any(undefined), 'x')],
  ['publish an object', (s) => s.publish('t', any({}))],
]

test.each([...wrongCalls, ...wrongTopics])('%s throws and sends nothing', async (_name, call) => {
  const { peer, socket } = await scope.session('server')
  expectCoded(
    thrown(() => call(socket)),
    'INVALID_ARGUMENT',
  )
  expect([socket.readyState, socket.bufferedAmount]).toEqual([1, 0])
  socket.send('a proper message')
  const frame = await peer.expectFrame(OP.text)
  expect(frame.payload.toString()).toBe('a proper message')
})

test('a client has no topics', async () => {
  const { client } = await scope.pair()
  for (const call of [
    () => client.subscribe('t'),
    () => client.unsubscribe('t'),
    () => client.publish('t', 'x'),
  ]) {
    expect(thrown(call)?.code).toBe('INVALID_STATE')
  }
})

test('while connecting', async () => {
  const raw = await scope.rawServer()
  const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
  const peer = await raw.next()
  for (const call of [
    () => client.send('x'),
    () => client.send('x', () => {}),
    () => client.ping(),
    () => client.pong(),
  ]) {
    expect(thrown(call)?.code).toBe('INVALID_STATE')
  }
  await peer.readHead()
  peer.accept()
  await event(client, 'open')
  client.send('first')
  expect((await peer.expectFrame(OP.text)).payload.toString()).toBe('first')
})

test.each<[string, unknown[], string]>([
  ['no URL', [], 'INVALID_URL'],
  ['null', [null], 'INVALID_URL'],
  ['no scheme', ['127.0.0.1:1'], 'INVALID_URL'],
  ['a relative URL', ['/path'], 'INVALID_URL'],
  ['ftp:', ['ftp://127.0.0.1/'], 'INVALID_URL'],
  ['no host', ['ws://'], 'INVALID_URL'],
  ['a port too large', ['ws://127.0.0.1:65536/'], 'INVALID_URL'],
  ['a fragment', ['ws://127.0.0.1:1/#part'], 'INVALID_URL'],
  ['a space in the host', ['ws://a b/'], 'INVALID_URL'],
  ['a unix path that is none', ['ws+unix:'], 'INVALID_URL'],
  ['an empty protocol', ['ws://127.0.0.1:1/', ['']], 'INVALID_ARGUMENT'],
  ['a protocol with a space', ['ws://127.0.0.1:1/', 'a b'], 'INVALID_ARGUMENT'],
  ['a protocol with a line end', ['ws://127.0.0.1:1/', 'a\r\nX: y'], 'INVALID_ARGUMENT'],
  ['a protocol twice', ['ws://127.0.0.1:1/', ['a', 'a']], 'INVALID_ARGUMENT'],
  ['a protocol that is a number', ['ws://127.0.0.1:1/', [5]], 'INVALID_ARGUMENT'],
  ...(
    [
      ['options that are a string', 'x'],
      ['an unknown option', { maxpayload: 5 }],
      ['maxPayload: 0', { maxPayload: 0 }],
      ['maxPayload: -1', { maxPayload: -1 }],
      ['maxPayload: "1"', { maxPayload: '1' }],
      ['maxPayload: 1.5', { maxPayload: 1.5 }],
      ['maxPayload: NaN', { maxPayload: NaN }],
      ['maxPayload: Infinity', { maxPayload: Infinity }],
      ['highWaterMark above maxBackpressure', { highWaterMark: 2000, maxBackpressure: 1000 }],
      ['connectTimeout: -1', { connectTimeout: -1 }],
      ['handshakeTimeout: "1"', { handshakeTimeout: '1' }],
      ['headers: 5', { headers: 5 }],
      ['a header name with a space', { headers: { 'a b': 'c' } }],
      ['a header value with a line end', { headers: { a: 'b\r\nc: d' } }],
      ['a header of the handshake', { headers: { 'Sec-WebSocket-Key': 'x' } }],
      ['perMessageDeflate: 1', { perMessageDeflate: 1 }],
      ['a window of 7', { perMessageDeflate: { clientMaxWindowBits: 7 } }],
      ['a window of 8 to compress with', { perMessageDeflate: { clientMaxWindowBits: 8 } }],
      ['a window of 16', { perMessageDeflate: { serverMaxWindowBits: 16 } }],
      ['an unknown deflate option', { perMessageDeflate: { windowBits: 9 } }],
      ['heartbeat: 5', { heartbeat: 5 }],
      ['a heartbeat interval of 0', { heartbeat: { interval: 0 } }],
      ['lookup: "x"', { lookup: 'x' }],
      ['signal: {}', { signal: {} }],
      ['family: 5', { family: 5 }],
      ['proxy: 5', { proxy: 5 }],
      ['a proxy with another scheme', { proxy: 'socks5://127.0.0.1:1' }],
      ['followRedirects: 1', { followRedirects: 1 }],
      ['cert without key', { cert: 'x' }],
      ['ca: 5', { ca: 5 }],
      ['minVersion above maxVersion', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }],
    ] as [string, unknown][]
  ).map(([name, options]): [string, unknown[], string] => [
    name,
    ['ws://127.0.0.1:1/', [], options],
    'INVALID_OPTION',
  ]),
])('new WebSocket with %s', (_name, args, code) => {
  const Any = WebSocket as unknown as new (...args: unknown[]) => WebSocket
  expectCoded(
    thrown(() => new Any(...args)),
    code,
  )
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['{}', {}],
  ['port and noServer', { port: 0, noServer: true }],
  ['port: -1', { port: -1 }],
  ['port: 65536', { port: 65536 }],
  ['port: "80"', { port: '80' }],
  ['host: 5', { port: 0, host: 5 }],
  ['path without slash', { port: 0, path: 'ws' }],
  ['server: {}', { server: {} }],
  ['tls: 5', { port: 0, tls: 5 }],
  ['tls with noServer', { noServer: true, tls: {} }],
  ['an unknown option', { port: 0, heartbeats: {} }],
  ['origins: "x"', { port: 0, origins: 'x' }],
  ['verify: true', { port: 0, verify: true }],
  ['slowConsumer: "wait"', { port: 0, slowConsumer: 'wait' }],
  ['maxConnections: -1', { port: 0, maxConnections: -1 }],
  ['a server window of 8', { port: 0, perMessageDeflate: { serverMaxWindowBits: 8 } }],
])('new WebSocketServer with %s', (_name, options) => {
  expectCoded(
    thrown(() => new WebSocketServer(options as never)),
    'INVALID_OPTION',
  )
})

test('server.publish with wrong arguments', async () => {
  const { server } = await scope.server()
  for (const call of [
    () => server.publish(any(undefined), 'x'),
    () => server.publish('', 'x'),
    () => server.publish('t', any(null)),
    () => server.publish('t', any(5)),
  ]) {
    expectCoded(thrown(call), 'INVALID_ARGUMENT')
  }
})

test('what send takes, and what arrives', async () => {
  const { peer, socket } = await scope.session('server')
  expect(peer).toBeInstanceOf(RawPeer)
  const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])
  const shared = new SharedArrayBuffer(2)
  new Uint8Array(shared).set([9, 8])
  const cases: [unknown, number, string][] = [
    ['', OP.text, ''],
    ['text', OP.text, '74657874'],
    [bytes, OP.binary, '0102030405060708'],
    [bytes.subarray(2, 4), OP.binary, '0304'],
    [Buffer.from('b'), OP.binary, '62'],
    [bytes.buffer, OP.binary, '0102030405060708'],
    [new DataView(bytes.buffer, 1, 3), OP.binary, '020304'],
    [new Uint16Array(bytes.buffer, 2, 1), OP.binary, '0304'],
    [new Float64Array(bytes.buffer), OP.binary, '0102030405060708'],
    [shared, OP.binary, '0908'],
    [new Blob(['blob']), OP.binary, '626c6f62'],
    ['after the blob', OP.text, Buffer.from('after the blob').toString('hex')],
    ['\ud800 lone', OP.text, Buffer.from('\ud800 lone').toString('hex')],
  ]
  for (const [data] of cases) socket.send(data as string)
  for (const [, opcode, hex] of cases)
    expect((await peer.expectFrame(opcode)).payload.toString('hex')).toBe(hex)
})

test('options decide between text and binary, null options count as none', async () => {
  const { peer, socket } = await scope.session('server')
  socket.send('as bytes', { binary: true })
  socket.send(Buffer.from('as text'), { binary: false })
  socket.send('plain', any(null))
  expect((await peer.expectFrame(OP.binary)).payload.toString()).toBe('as bytes')
  expect((await peer.expectFrame(OP.text)).payload.toString()).toBe('as text')
  expect((await peer.expectFrame(OP.text)).payload.toString()).toBe('plain')
})

test('send copies before it returns, whatever the size', async () => {
  for (const size of [10, 70_000, 300_000, 2_000_000]) {
    const { peer, socket } = await scope.session('server')
    const data = Buffer.alloc(size, 1)
    socket.send(data)
    data.fill(2)
    expect((await peer.expectFrame(OP.binary)).payload.equals(Buffer.alloc(size, 1))).toBe(true)
  }
})
