// RFC 6455, section 4.1: the client's side of the opening handshake, told by a raw server. Every refusal says what happened.
import { parseExtensions } from '../support/deflate'
import { encodeFrame, OP } from '../support/frames'
import { acceptKey, type RawPeer } from '../support/raw-peer'
import { failure, observe, settledOpen, useScope } from '../support/scope'
import type { WebSocket } from '../support/subject'
import { event, within } from '../support/waiters'

const scope = useScope()
type Lines = Record<string, string | undefined>

async function answered(
  lines: Lines,
  options: object = {},
  protocols: string[] = [],
): ReturnType<typeof failure> {
  const raw = (await scope.rawServer()).answer((peer) => peer.accept(lines))
  return await failure(scope.client(`ws://127.0.0.1:${raw.port}/`, protocols, { ...options }))
}

async function replied(bytes: string | Buffer, end = true): ReturnType<typeof failure> {
  const raw = (await scope.rawServer()).answer((peer) => {
    peer.write(Buffer.from(bytes))
    if (end) peer.end()
  })
  return await failure(scope.client(`ws://127.0.0.1:${raw.port}/`))
}

test('the request is complete and correct', async () => {
  const raw = await scope.rawServer()
  const client = scope.client(`ws://127.0.0.1:${raw.port}/chat?room=1`, ['one', 'two'], {
    headers: { 'X-Token': 'abc', 'User-Agent': 'test' },
  })
  const peer = await raw.next()
  const { first, headers } = await peer.readHead()
  expect(first).toBe('GET /chat?room=1 HTTP/1.1')
  expect(headers).toMatchObject({
    host: `127.0.0.1:${raw.port}`,
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-protocol': expect.stringMatching(/^one, ?two$/) as string,
    'x-token': 'abc',
    'user-agent': 'test',
  })
  expect(headers['connection'].toLowerCase()).toBe('upgrade')
  expect(Buffer.from(headers['sec-websocket-key'], 'base64')).toHaveLength(16)
  const opened = settledOpen(client)
  peer.accept({ 'Sec-WebSocket-Protocol': 'two' })
  await opened
  expect([client.protocol, client.extensions, client.readyState, client.url]).toEqual([
    'two',
    '',
    1,
    `ws://127.0.0.1:${raw.port}/chat?room=1`,
  ])
})

test('every attempt has a key of its own', async () => {
  const raw = await scope.rawServer()
  const keys = new Set<string>()
  for (let i = 0; i < 8; i++) {
    scope.client(`ws://127.0.0.1:${raw.port}/`)
    const peer = await raw.next()
    keys.add((await peer.readHead()).headers['sec-websocket-key'])
  }
  expect(keys.size).toBe(8)
})

test.each([
  ['user and password', 'user:pa%20ss@', 'user:pa ss'],
  ['user alone', 'user@', 'user:'],
])('credentials in the address become an Authorization header: %s', async (_name, credentials, plain) => {
  const raw = await scope.rawServer()
  scope.client(`ws://${credentials}127.0.0.1:${raw.port}/`)
  const { headers } = await (await raw.next()).readHead()
  expect(headers['authorization']).toBe(`Basic ${Buffer.from(plain).toString('base64')}`)
})

test.each<[string, Lines]>([
  ['no accept key', { 'Sec-WebSocket-Accept': undefined }],
  ['a wrong accept key', { 'Sec-WebSocket-Accept': acceptKey('AAAAAAAAAAAAAAAAAAAAAA==') }],
  ['an empty accept key', { 'Sec-WebSocket-Accept': '' }],
  ['no Upgrade', { Upgrade: undefined }],
  ['another Upgrade', { Upgrade: 'h2c' }],
  ['no Connection', { Connection: undefined }],
  ['a protocol nobody asked for', { 'Sec-WebSocket-Protocol': 'surprise' }],
  ['an extension nobody asked for', { 'Sec-WebSocket-Extensions': 'x-surprise' }],
  ['permessage-deflate nobody asked for', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }],
])('a 101 with %s is refused', async (_name, lines) => {
  const { error, code } = await answered(lines, { perMessageDeflate: false })
  expect([error['code'], code]).toEqual(['INVALID_HANDSHAKE', 1006])
})

test('a protocol outside the list asked for is refused', async () => {
  const { error } = await answered({ 'Sec-WebSocket-Protocol': 'three' }, {}, ['one', 'two'])
  expect(error['code']).toBe('INVALID_HANDSHAKE')
})

test.each([
  'permessage-deflate; nonsense',
  'permessage-deflate; server_no_context_takeover=1',
  'permessage-deflate; server_max_window_bits=7',
  'permessage-deflate; server_max_window_bits=16',
  'permessage-deflate; server_max_window_bits',
  'permessage-deflate; client_max_window_bits=16',
  'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10',
  'permessage-deflate, permessage-deflate',
])('an answer that cannot be kept is refused: %s', async (extensions) => {
  const { error, code } = await answered(
    { 'Sec-WebSocket-Extensions': extensions },
    { perMessageDeflate: true },
  )
  expect([error['code'], code]).toEqual(['INVALID_HANDSHAKE', 1006])
})

test('the offer of permessage-deflate says what the options ask for', async () => {
  const raw = await scope.rawServer()
  const perMessageDeflate = {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 10,
    clientMaxWindowBits: 11,
  }
  scope.client(`ws://127.0.0.1:${raw.port}/`, [], { perMessageDeflate })
  const { headers } = await (await raw.next()).readHead()
  expect(parseExtensions(headers['sec-websocket-extensions'])[0]).toEqual({
    name: 'permessage-deflate',
    parameters: {
      server_no_context_takeover: true,
      client_no_context_takeover: true,
      server_max_window_bits: '10',
      client_max_window_bits: '11',
    },
  })
})

test.each([400, 401, 403, 404, 426, 429, 500, 503])(
  'an answer of %d comes with status, headers and the start of the body',
  async (status) => {
    const raw = (await scope.rawServer()).answer((peer) => {
      const body = `{"reason":"no ${status}"}`
      peer
        .write(
          Buffer.from(
            `HTTP/1.1 ${status} Because\r\nContent-Type: application/json\r\nRetry-After: 7\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          ),
        )
        .end()
    })
    const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
    const reported = event<[Error]>(client, 'unexpected-response')
    const { error, code } = await failure(client)
    expect(code).toBe(1006)
    expect(error).toMatchObject({ code: 'UNEXPECTED_RESPONSE', statusCode: status })
    expect((error['headers'] as Record<string, string>)['retry-after']).toBe('7')
    expect(String(error['body'])).toBe(`{"reason":"no ${status}"}`)
    expect(error.message).toContain(String(status))
    expect((await reported)[0]).toBe(error)
  },
)

test.each([
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', 200],
  ['without a length, up to the end', 'HTTP/1.1 502 Bad Gateway\r\n\r\nno backend', 502],
  ['HTTP/1.0', 'HTTP/1.0 403 Forbidden\r\n\r\nno', 403],
  ['chunked', 'HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', 500],
  ['204 without body', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
])('another answer than 101: %s', async (_name, bytes, statusCode) => {
  const { error } = await replied(bytes)
  expect(error).toMatchObject({ code: 'UNEXPECTED_RESPONSE', statusCode })
})

test('of a long body only the start is kept, and the connection ends', async () => {
  const { error } = await replied(
    `HTTP/1.1 500 Oops\r\nContent-Length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}`,
  )
  expect(error['code']).toBe('UNEXPECTED_RESPONSE')
  expect((error['body'] as Buffer).length).toBeGreaterThan(0)
  expect((error['body'] as Buffer).length).toBeLessThanOrEqual(1 << 20)
})

test('a body that never ends does not hold the error back', async () => {
  const raw = (await scope.rawServer()).answer(
    (peer) => void peer.write(Buffer.from('HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\npartial')),
  )
  const { error } = await failure(scope.client(`ws://127.0.0.1:${raw.port}/`, [], { handshakeTimeout: 500 }))
  expect(['UNEXPECTED_RESPONSE', 'HANDSHAKE_TIMEOUT']).toContain(error['code'])
  expect(error['statusCode'] ?? 503).toBe(503)
})

test.each([
  ['bytes that are no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['binary', Buffer.alloc(200, 0xfe)],
  ['a frame', encodeFrame({ opcode: OP.text, payload: 'too soon' })],
  ['a broken status line', 'HTTP/1.1 abc\r\n\r\n'],
])('%s instead of an answer', async (_name, bytes) => {
  const { error, code } = await replied(bytes)
  expect([error['code'], code]).toEqual(['INVALID_HANDSHAKE', 1006])
})

test.each([
  ['at once', ''],
  ['within the status line', 'HTTP/1.1 10'],
  ['within the headers', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'],
])('the answer ends too early: %s', async (_name, bytes) => {
  const { error, code } = await replied(bytes)
  expect(['INVALID_HANDSHAKE', 'CONNECTION_RESET', 'CONNECTION_LOST', 'CONNECTION_FAILED']).toContain(
    error['code'],
  )
  expect(code).toBe(1006)
})

test('an answer with headers above maxHeaderSize', async () => {
  const raw = (await scope.rawServer()).answer((peer) => peer.accept({ 'X-Long': 'x'.repeat(100_000) }))
  const { error } = await failure(scope.client(`ws://127.0.0.1:${raw.port}/`))
  expect(error['code']).toBe('HANDSHAKE_TOO_LARGE')
})

test('frames in the same segment as the 101 are delivered', async () => {
  const tail = Buffer.concat([
    encodeFrame({ opcode: OP.text, payload: 'welcome' }),
    encodeFrame({ opcode: OP.binary, payload: Buffer.from([1, 2]) }),
  ])
  const raw = (await scope.rawServer()).answer((peer) => peer.accept({}, tail))
  const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
  const { received } = observe(client)
  expect(await received(2)).toEqual([
    { data: 'welcome', isBinary: false },
    { data: Buffer.from([1, 2]), isBinary: true },
  ])
})

test('a close frame in the same segment as the 101', async () => {
  const raw = (await scope.rawServer()).answer((peer) =>
    peer.accept({}, peer.encode({ opcode: OP.close, payload: Buffer.from([0x0f, 0xa0]) })).end(),
  )
  const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
  const { closed } = observe(client)
  await settledOpen(client)
  expect((await closed).code).toBe(4000)
})

test('a 101 that comes byte by byte', async () => {
  const raw = await scope.rawServer()
  const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
  const opened = settledOpen(client)
  const peer = await raw.next()
  const key = (await peer.readHead()).headers['sec-websocket-key']
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`
  await peer.writeChopped(Buffer.from(head), 1)
  await opened
})

describe('redirects', () => {
  const redirect = (peer: RawPeer, location: string, status = 302): void => {
    peer
      .write(Buffer.from(`HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`))
      .end()
  }

  test('are not followed unless asked for', async () => {
    const raw = (await scope.rawServer()).answer((peer) => redirect(peer, 'ws://127.0.0.1:1/'))
    const { error } = await failure(scope.client(`ws://127.0.0.1:${raw.port}/`))
    expect(error).toMatchObject({ code: 'UNEXPECTED_RESPONSE', statusCode: 302 })
    expect((error['headers'] as Record<string, string>)['location']).toBe('ws://127.0.0.1:1/')
  })

  test.each([301, 302, 303, 307, 308])('%d is followed', async (status) => {
    const target = (await scope.rawServer()).answer((peer) => peer.accept())
    const raw = (await scope.rawServer()).answer((peer) =>
      redirect(peer, `http://127.0.0.1:${target.port}/there`, status),
    )
    const client = await scope.opened(`ws://127.0.0.1:${raw.port}/`, [], { followRedirects: true })
    expect(client.url).toBe(`ws://127.0.0.1:${target.port}/there`)
  })

  test('a relative address is resolved', async () => {
    const raw = (await scope.rawServer()).answer((peer) =>
      peer.head!.first.includes('/here') ? redirect(peer, '../there?x=1') : peer.accept(),
    )
    const client = await scope.opened(`ws://127.0.0.1:${raw.port}/a/here`, [], { followRedirects: true })
    expect(client.url).toBe(`ws://127.0.0.1:${raw.port}/there?x=1`)
  })

  test('credentials do not travel to another host', async () => {
    const target = await scope.rawServer()
    const raw = (await scope.rawServer()).answer((peer) => redirect(peer, `ws://localhost:${target.port}/`))
    scope.client(`ws://user:secret@127.0.0.1:${raw.port}/`, [], {
      followRedirects: true,
      headers: { Cookie: 'a=b', Authorization: 'Bearer t' },
    })
    const { headers } = await (await target.next()).readHead()
    expect(headers['authorization']).toBeUndefined()
    expect(headers['cookie']).toBeUndefined()
  })

  test('a circle ends', async () => {
    const raw = (await scope.rawServer()).answer((peer) => redirect(peer, '/again'))
    const { error } = await within(
      failure(scope.client(`ws://127.0.0.1:${raw.port}/`, [], { followRedirects: true, maxRedirects: 3 })),
      'failure',
    )
    expect(error['code']).toBe('TOO_MANY_REDIRECTS')
    expect(raw.peers).toHaveLength(4)
  })

  test.each(['ftp://127.0.0.1/', 'ws://['])('an address that leads nowhere: %j', async (location) => {
    const raw = (await scope.rawServer()).answer((peer) => redirect(peer, location))
    const { error } = await failure(
      scope.client(`ws://127.0.0.1:${raw.port}/`, [], { followRedirects: true }),
    )
    expect(['INVALID_REDIRECT', 'UNEXPECTED_RESPONSE']).toContain(error['code'])
  })
})

describe('a ping right behind the handshake is heard', () => {
  const early = Buffer.concat([
    encodeFrame({ opcode: OP.ping, payload: 'early' }),
    encodeFrame({ opcode: OP.text, payload: 'end' }),
  ])
  const lookup = (_host: string, options: { all?: boolean }, done: (...args: unknown[]) => void): void => {
    if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
    else done(null, '127.0.0.1', 4)
  }

  test.each([
    ['set at once', 'x.test', (client, listen) => listen(client)],
    ['set at once, of an address', '127.0.0.1', (client, listen) => listen(client)],
    ['set at `open`', '127.0.0.1', (client, listen) => client.once('open', () => listen(client))],
  ] as [string, string, (client: WebSocket, listen: (client: WebSocket) => void) => void][])(
    'by a listener %s',
    async (_name, host, begin) => {
      const raw = (await scope.rawServer()).answer((peer) => peer.accept({}, early))
      const client = scope.client(`ws://${host}:${raw.port}/`, [], { lookup })
      const heard: string[] = []
      begin(client, () => client.on('ping', (data: Buffer) => heard.push(String(data))))
      await event(client, 'message')
      expect(heard).toEqual(['early'])
    },
  )
})
