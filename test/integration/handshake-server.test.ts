// RFC 6455, section 4.2: the server's side of the opening handshake, told by a raw client.
import { randomBytes } from 'node:crypto'
import { parseExtensions } from '../support/deflate'
import { encodeFrame, OP } from '../support/frames'
import { acceptKey, upgradeRequest, type RawPeer } from '../support/raw-peer'
import { useScope } from '../support/scope'
import type { WebSocket } from '../support/subject'
import { counter, deferred, event, within } from '../support/waiters'

const scope = useScope()
type Lines = Record<string, string | undefined>

async function asked(lines: Lines, options: object = {}, path = '/'): Promise<RawPeer> {
  const { port } = await scope.server({ ...options })
  const peer = (await scope.rawClient(port)).upgrade(lines, path)
  await peer.readHead()
  return peer
}

const status = (peer: RawPeer): number => Number(/^HTTP\/1\.[01] (\d{3})/.exec(peer.head!.first)?.[1])

test('a server closes while it decides about a peer that has sent more than its request', async () => {
  const decides = deferred()
  const { server, port } = await scope.server({
    verify: () => {
      decides.resolve()
      return new Promise(() => {})
    },
  })
  const early = encodeFrame({ opcode: OP.text, payload: 'early', mask: true })
  ;(await scope.rawClient(port)).upgrade({}, '/', early)
  await decides.promise
  await within(server.close(), 'end of the server')
})

test('a ping right behind the request is heard by a listener of `connection`', async () => {
  const { server, port } = await scope.server()
  const early = [OP.ping, OP.text].map((opcode) => encodeFrame({ opcode, payload: 'early', mask: true }))
  const heard: string[] = []
  const message = new Promise<void>((resolve) => {
    server.on('connection', (socket: WebSocket) => {
      socket.on('ping', (data: Buffer) => heard.push(String(data)))
      socket.on('message', () => resolve())
    })
  })
  ;(await scope.rawClient(port)).upgrade({}, '/', Buffer.concat(early))
  await within(message, 'message')
  expect(heard).toEqual(['early'])
})

test('the accept key is the one of the RFC (section 1.3)', async () => {
  const peer = await asked({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' })
  expect(peer.head!.first).toMatch(/^HTTP\/1\.1 101 /)
  expect(peer.head!.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  expect(peer.head!.headers['upgrade'].toLowerCase()).toBe('websocket')
  expect(peer.head!.headers['connection'].toLowerCase()).toBe('upgrade')
  expect(peer.head!.headers['sec-websocket-extensions']).toBeUndefined()
  expect(peer.head!.headers['sec-websocket-protocol']).toBeUndefined()
})

test.each<[string, Lines]>([
  ['Upgrade in capitals', { Upgrade: 'WEBSOCKET' }],
  ['Upgrade among others', { Upgrade: 'h2c, websocket' }],
  ['Connection among others', { Connection: 'keep-alive, Upgrade' }],
  ['Connection in small letters', { Connection: 'upgrade' }],
  ['unknown headers', { 'X-One': '1', Cookie: 'a=b; c="d, e"' }],
  ['an Origin', { Origin: 'http://example.com' }],
  ['no Origin', {}],
  ['an unknown extension', { 'Sec-WebSocket-Extensions': 'x-unknown; a=1, y-other' }],
  ['a header without value', { 'X-Empty': '' }],
])('accepted: %s', async (_name, lines) => {
  expect(status(await asked(lines))).toBe(101)
})

test.each<[string, Lines, number]>([
  ['no Upgrade', { Upgrade: undefined }, 400],
  ['another Upgrade', { Upgrade: 'h2c' }, 400],
  ['no Connection', { Connection: undefined }, 400],
  ['another Connection', { Connection: 'close' }, 400],
  ['no key', { 'Sec-WebSocket-Key': undefined }, 400],
  ['an empty key', { 'Sec-WebSocket-Key': '' }, 400],
  ['a key of 15 bytes', { 'Sec-WebSocket-Key': randomBytes(15).toString('base64') }, 400],
  ['a key of 17 bytes', { 'Sec-WebSocket-Key': randomBytes(17).toString('base64') }, 400],
  ['a key that is no base64', { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 400],
  ['no version', { 'Sec-WebSocket-Version': undefined }, 400],
  ['version 7', { 'Sec-WebSocket-Version': '7' }, 426],
  ['version 14', { 'Sec-WebSocket-Version': '14' }, 426],
  ['a version that is no number', { 'Sec-WebSocket-Version': 'thirteen' }, 400],
])('refused: %s', async (_name, lines, expected) => {
  const { server, port } = await scope.server()
  const connections = counter(server, 'connection')
  const peer = (await scope.rawClient(port)).upgrade(lines)
  await peer.readHead()
  // A plain request for a WebSocket server may as well be told to upgrade.
  expect([expected, 426]).toContain(status(peer))
  if (status(peer) === 426) expect(peer.head!.headers['sec-websocket-version']).toContain('13')
  await peer.readBody()
  expect(connections.calls).toHaveLength(0)
})

test.each([
  ['POST', 'POST / HTTP/1.1'],
  ['HTTP/1.0', 'GET / HTTP/1.0'],
])('refused: %s', async (_name, line) => {
  const { server, port } = await scope.server()
  const connections = counter(server, 'connection')
  const peer = await scope.rawClient(port)
  peer.write(Buffer.from(upgradeRequest().replace('GET / HTTP/1.1', line)))
  await peer.readHead()
  expect(status(peer)).toBeGreaterThanOrEqual(400)
  expect(status(peer)).toBeLessThan(506)
  await peer.readBody()
  expect(connections.calls).toHaveLength(0)
})

test.each([
  ['a TLS hello', Buffer.from('160301020001', 'hex')],
  ['zeros', Buffer.alloc(64)],
  ['words', Buffer.from('hello server, how are you?\r\n\r\n')],
  ['a request line without version', Buffer.from('GET /\r\n\r\n')],
  ['a header without colon', Buffer.from('GET / HTTP/1.1\r\nHost localhost\r\n\r\n')],
  ['a space before the colon', Buffer.from('GET / HTTP/1.1\r\nHost : localhost\r\n\r\n')],
  ['a control character in a header', Buffer.from('GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n')],
])('bytes that are no HTTP request end the connection: %s', async (_name, bytes) => {
  const { server, port } = await scope.server({ handshakeTimeout: 500 })
  const connections = counter(server, 'connection')
  const peer = await scope.rawClient(port)
  peer.write(bytes)
  await peer.ended
  expect(connections.calls).toHaveLength(0)
})

test('the server outlives a thousand strange connections', async () => {
  const { port, url } = await scope.server()
  for (let i = 0; i < 1000; i += 50) {
    const peers = await Promise.all(Array.from({ length: 50 }, () => scope.rawClient(port)))
    peers.forEach((peer, j) => peer.write(randomBytes(((i + j) * 7) % 300)).reset())
  }
  const client = await scope.opened(url)
  expect(client.readyState).toBe(1)
})

test('a header section above maxHeaderSize is refused', async () => {
  const { port } = await scope.server({ maxHeaderSize: 4096 })
  const fits = (await scope.rawClient(port)).upgrade({ 'X-Long': 'x'.repeat(3000) })
  await fits.readHead()
  expect(status(fits)).toBe(101)
  const peer = (await scope.rawClient(port)).upgrade({ 'X-Long': 'x'.repeat(9000) })
  await peer.readHead()
  expect([400, 413, 431]).toContain(status(peer))
})

test('headers without end are refused before memory grows', async () => {
  const { port } = await scope.server()
  const peer = await scope.rawClient(port)
  const line = Buffer.from(`X-More: ${'x'.repeat(1000)}\r\n`)
  let ended = false
  void peer.ended.then(() => (ended = true))
  await peer.flush(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n'))
  for (let i = 0; i < 1000 && !ended; i++) await peer.flush(line)
  await peer.ended
})

test('a request that comes byte by byte', async () => {
  const { port } = await scope.server()
  const peer = await scope.rawClient(port)
  await peer.writeChopped(Buffer.from(upgradeRequest({}, '/slow')), 1)
  await peer.readHead()
  expect(status(peer)).toBe(101)
})

test('a request that never ends is given up after handshakeTimeout', async () => {
  const { port } = await scope.server({ handshakeTimeout: 200 })
  const peer = await scope.rawClient(port)
  peer.write(Buffer.from('GET / HTTP/1.1\r\nHost:'))
  await peer.ended
})

test('frames right behind the request are delivered', async () => {
  const { server, port } = await scope.server()
  const connected = event<[import('../support/subject').WebSocket]>(server, 'connection')
  const frames = Buffer.concat(
    ['one', 'two', 'three'].map((payload) => encodeFrame({ opcode: OP.text, payload, mask: true })),
  )
  const peer = await scope.rawClient(port)
  const seen: unknown[] = []
  const third = connected.then(
    ([socket]) =>
      new Promise<void>((resolve) => {
        socket.on('message', (data) => {
          if (seen.push(data) === 3) resolve()
        })
      }),
  )
  peer.upgrade({}, '/', frames)
  await third
  expect(seen).toEqual(['one', 'two', 'three'])
})

test('the request is described', async () => {
  const { server, port } = await scope.server()
  const connected = event<
    [unknown, { url: string; headers: Record<string, string>; method?: string; rawHeaders?: string[] }]
  >(server, 'connection')
  const peer = (await scope.rawClient(port)).upgrade(
    { 'X-Thing': 'Some Value', Origin: 'http://a.example' },
    '/path/to?query=1&b=%20',
  )
  await peer.readHead()
  const [, request] = await connected
  expect(request.url).toBe('/path/to?query=1&b=%20')
  expect(request.headers['x-thing']).toBe('Some Value')
  expect(request.headers['origin']).toBe('http://a.example')
})

describe('path, origins and sub-protocols', () => {
  test.each([
    ['/ws', 101],
    ['/ws?token=1', 101],
    ['/', 404],
    ['/other', 404],
    ['/ws/', 404],
  ])('path /ws, asked for %s: %d', async (path, expected) => {
    const answer = status(await asked({}, { path: '/ws' }, path))
    expect(expected === 404 ? [400, 404] : [101]).toContain(answer)
  })

  test.each([
    ['http://good.example', 101],
    ['http://evil.example', 403],
    ['http://good.example.evil.example', 403],
    ['http://good.example:8080', 403],
  ])('origins allow http://good.example, asked from %s: %d', async (origin, expected) => {
    expect(status(await asked({ Origin: origin }, { origins: ['http://good.example'] }))).toBe(expected)
  })

  test('origins let those in who name none: only pages do', async () => {
    expect(status(await asked({}, { origins: ['http://good.example'] }))).toBe(101)
  })

  test('handleProtocols chooses, and only what was offered', async () => {
    const offered: unknown[] = []
    const handleProtocols = (protocols: Iterable<string>): string => {
      offered.push([...protocols])
      return 'second'
    }
    const peer = await asked({ 'Sec-WebSocket-Protocol': 'first, second ,third' }, { handleProtocols })
    expect(peer.head!.headers['sec-websocket-protocol']).toBe('second')
    expect(offered).toEqual([['first', 'second', 'third']])
  })

  test.each(['bad protocol', 'a,a', '"quoted"'])(
    'a malformed list of protocols is refused: %s',
    async (list) => {
      expect(status(await asked({ 'Sec-WebSocket-Protocol': list }))).toBe(400)
    },
  )
})

describe('verify', () => {
  test.each<[string, unknown, number]>([
    ['true', true, 101],
    ['a promise of true', Promise.resolve(true), 101],
    ['false', false, 403],
    ['a promise of false', Promise.resolve(false), 403],
  ])('%s', async (_name, answer, expected) => {
    const peer = await asked({}, { verify: () => answer })
    expect(expected === 101 ? [101] : [403]).toContain(status(peer))
  })

  test('sees the request', async () => {
    const seen: unknown[] = []
    const verify = (request: { url: string; headers: Record<string, string> }): boolean => {
      seen.push(request.url, request.headers['authorization'])
      return true
    }
    await asked({ Authorization: 'Bearer t' }, { verify }, '/private')
    expect(seen).toEqual(['/private', 'Bearer t'])
  })

  test('that throws refuses with 500 and the server goes on', async () => {
    let fail = true
    const { server, port } = await scope.server({
      verify: () => {
        if (fail) throw new Error('broken')
        return true
      },
    })
    server.on('error', () => {})
    const peer = (await scope.rawClient(port)).upgrade()
    await peer.readHead()
    expect(status(peer)).toBe(500)
    fail = false
    const next = (await scope.rawClient(port)).upgrade()
    await next.readHead()
    expect(status(next)).toBe(101)
  })
})

describe('offers of permessage-deflate', () => {
  const deflate = { perMessageDeflate: true }
  test.each([
    ['an unknown parameter', 'permessage-deflate; nonsense'],
    ['a parameter twice', 'permessage-deflate; server_no_context_takeover; server_no_context_takeover'],
    ['a value where none belongs', 'permessage-deflate; server_no_context_takeover=1'],
    ['server_max_window_bits without value', 'permessage-deflate; server_max_window_bits'],
    ['bits too few', 'permessage-deflate; server_max_window_bits=7'],
    ['bits too many', 'permessage-deflate; server_max_window_bits=16'],
    ['a leading zero', 'permessage-deflate; server_max_window_bits=010'],
    ['bits that are no number', 'permessage-deflate; client_max_window_bits=ten'],
    ['another extension', 'permessage-bzip2'],
  ])('declined or refused, not misread: %s', async (_name, offer) => {
    const peer = await asked({ 'Sec-WebSocket-Extensions': offer }, deflate)
    if (status(peer) === 101) expect(peer.head!.headers['sec-websocket-extensions']).toBeUndefined()
    else expect(status(peer)).toBe(400)
  })

  test.each([
    ['quoted value', 'permessage-deflate; server_max_window_bits="12"'],
    ['second of two offers', 'x-other; y=2, permessage-deflate'],
    ['strange spacing', 'permessage-deflate ;client_max_window_bits , permessage-deflate'],
    [
      'fallback after an impossible offer',
      'permessage-deflate; server_max_window_bits=8, permessage-deflate',
    ],
  ])('accepted: %s', async (_name, offer) => {
    const peer = await asked({ 'Sec-WebSocket-Extensions': offer }, deflate)
    expect(parseExtensions(peer.head!.headers['sec-websocket-extensions'])).toHaveLength(1)
    expect(parseExtensions(peer.head!.headers['sec-websocket-extensions'])[0].name).toBe('permessage-deflate')
  })

  test('client_max_window_bits is answered only when offered', async () => {
    const peer = await asked(
      { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
      { perMessageDeflate: { clientMaxWindowBits: 10 } },
    )
    expect(peer.head!.headers['sec-websocket-extensions'] ?? '').not.toContain('client_max_window_bits')
  })

  test('the answer depends on the key alone', async () => {
    const key = randomBytes(16).toString('base64')
    const peer = await asked(
      { 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Extensions': 'permessage-deflate' },
      deflate,
    )
    expect(peer.head!.headers['sec-websocket-accept']).toBe(acceptKey(key))
  })
})
