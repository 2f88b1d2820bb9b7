// What a client socket asks of the native part, and what becomes of the answers.
import { WebSocket, type HawserError, type WebSocketOptions } from '../../lib'
import { In } from '../../lib/native/records'
import { native, turn } from './support/fake-native'
import { answers, connecting, ends, kinds, last, openFields, opened, watch } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

function settings(url: string | URL, options?: WebSocketOptions, protocols: string | string[] = []) {
  const ws = new WebSocket(url, protocols, options)
  const { slot, settings: asked } = last()
  ws.terminate()
  ends(slot, 1006, '', false)
  return asked
}

function code(fn: () => unknown): unknown {
  try {
    fn()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as HawserError).code
  }
  return undefined
}

describe('URL', () => {
  test.each([
    [
      'ws://example.test',
      { host: 'example.test', port: 80, target: '/', hostHeader: 'example.test', tls: 0 },
    ],
    ['ws://example.test:8080/a/b?c=d', { port: 8080, target: '/a/b?c=d', hostHeader: 'example.test:8080' }],
    ['http://example.test/x', { port: 80, target: '/x' }],
    ['wss://EXAMPLE.test', { host: 'example.test', port: 443, serverName: 'example.test' }],
    ['https://example.test:444', { port: 444, hostHeader: 'example.test:444' }],
    ['ws://[::1]:99/', { host: '::1', port: 99, hostHeader: '[::1]:99' }],
    [
      'ws+unix:/tmp/a%20b.sock:/path?q=1',
      { unixPath: '/tmp/a b.sock', target: '/path?q=1', hostHeader: 'localhost' },
    ],
    ['ws+unix:/tmp/x.sock', { unixPath: '/tmp/x.sock', target: '/' }],
    ['ws://bücher.test/ä', { host: 'xn--bcher-kva.test', target: '/%C3%A4' }],
  ])('%s', (url, expected) => {
    expect(settings(url)).toMatchObject(expected)
  })

  test.each([
    '',
    '/path',
    'example.test',
    'ftp://example.test',
    'ws://example.test/#x',
    'ws://',
    'ws://host:99999',
    'ws+unix:',
    'ws+unix:a:b',
  ])('%p is refused', (url) => {
    expect(code(() => new WebSocket(url))).toBe('INVALID_URL')
  })

  test('what is no URL at all is refused', () => {
    for (const url of [undefined, null, 5, {}])
      expect(code(() => new WebSocket(url as never))).toBe('INVALID_URL')
  })

  test('user and password become Basic authorization and are not shown', () => {
    const ws = connecting({}, 'ws://user:p%40ss@example.test/')
    expect(last().settings.headers).toEqual([
      'Authorization',
      `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    ])
    expect(ws.url).toBe('ws://example.test/')
    const { slot } = last()
    ws.terminate()
    ends(slot, 1006, '', false)
    expect(settings('ws://user@example.test/', { headers: { authorization: 'Bearer x' } }).headers).toEqual([
      'authorization',
      'Bearer x',
    ])
  })
})

describe('protocols and headers', () => {
  test('a string, a list, options in second place', () => {
    expect(settings('ws://a.test', {}, 'one').protocols).toBe('one')
    expect(settings('ws://a.test', {}, ['one', 'two']).protocols).toBe('one, two')
    const ws = new WebSocket('ws://a.test', { headers: { 'X-A': '1' } })
    expect(last().settings).toMatchObject({ protocols: '', headers: ['X-A', '1'] })
    const { slot } = last()
    ws.terminate()
    ends(slot, 1006, '', false)
  })

  test.each([[['a', 'a']], [['a b']], [['']], ['a,b'], [[5]]])('%p are refused', (protocols) => {
    expect(code(() => new WebSocket('ws://a.test', protocols as string[]))).toBe('INVALID_ARGUMENT')
  })

  test('headers in every form; Host and Origin', () => {
    const { headers, hostHeader } = settings('ws://a.test', {
      headers: { 'X-List': ['1', '2'], 'X-Number': 3, Host: 'other.test', 'X-None': undefined },
      origin: 'https://a.test',
    })
    expect(headers).toEqual(['X-List', '1', 'X-List', '2', 'X-Number', '3', 'Origin', 'https://a.test'])
    expect(hostHeader).toBe('other.test')
    expect(settings('ws://a.test', { headers: new Headers({ 'x-a': 'b' }) }).headers).toEqual(['x-a', 'b'])
    expect(settings('ws://a.test', { headers: [['x-a', 'c']] }).headers).toEqual(['x-a', 'c'])
  })

  test.each([
    [{ 'bad name': 'x' }],
    [{ 'X-A': 'two\r\nlines' }],
    [{ 'X-A': '☃' }],
    [{ Upgrade: 'websocket' }],
    [{ 'sec-websocket-key': 'x' }],
    [{ 'Sec-WebSocket-Protocol': 'x' }],
    ['X-A: b'],
  ])('headers %p are refused', (headers) => {
    expect(code(() => new WebSocket('ws://a.test', [], { headers: headers as never }))).toBe('INVALID_OPTION')
  })

  test('proxy', () => {
    expect(settings('ws://a.test', { proxy: 'http://me:secret@proxy.test:3128' })).toMatchObject({
      proxyHost: 'proxy.test',
      proxyPort: 3128,
      proxyAuthorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
    })
    expect(
      settings('ws://a.test', { proxy: { url: 'http://[::1]', headers: { 'X-P': '1' } } }),
    ).toMatchObject({
      proxyHost: '::1',
      proxyPort: 80,
      proxyHeaders: ['X-P', '1'],
    })
    for (const proxy of ['socks://x', 'nonsense', 5, { headers: {} }]) {
      expect(code(() => new WebSocket('ws://a.test', [], { proxy: proxy as never }))).toBe('INVALID_OPTION')
    }
  })
})

describe('opening', () => {
  test('open tells what was agreed', () => {
    const { ws, slot } = opened(
      { perMessageDeflate: true },
      openFields({ protocol: 'chat', extensions: 'permessage-deflate', headers: ['X-A', '1', 'x-a', '2'] }),
    )
    expect([ws.readyState, ws.protocol, ws.extensions]).toEqual([1, 'chat', 'permessage-deflate'])
    expect(ws.upgradeResponse).toMatchObject({
      statusCode: 101,
      remoteAddress: '192.0.2.1',
      remotePort: 80,
      tls: undefined,
      headers: { 'x-a': '1, 2' },
      rawHeaders: ['X-A', '1', 'x-a', '2'],
    })
    ends(slot)
  })

  test('a failure is an error and a close with 1006', () => {
    const ws = connecting()
    const seen = watch(ws)
    const { slot } = last()
    native().reactor.deliver(In.error, slot, { aux: 1, data: '111\n192.0.2.1:80' })
    ends(slot, 1006, '', false)
    expect(seen).toEqual([
      ['error', expect.objectContaining({ code: 'CONNECTION_REFUSED' })],
      ['close', 1006, ''],
    ])
    expect(ws.readyState).toBe(WebSocket.CLOSED)
  })

  test('an answer other than 101', () => {
    const ws = connecting()
    const seen = watch(ws)
    const unexpected: unknown[] = []
    ws.on('unexpected-response', (error) => unexpected.push(error))
    answers(last().slot, 401, ['WWW-Authenticate', 'Basic', 'Set-Cookie', 'a=1'], '\nwho\nare you')
    expect(seen.map((event) => event[0])).toEqual(['error', 'close'])
    expect(seen[0][1]).toMatchObject({
      code: 'UNEXPECTED_RESPONSE',
      statusCode: 401,
      headers: { 'www-authenticate': 'Basic', 'set-cookie': 'a=1' },
      body: Buffer.from('\nwho\nare you'),
      recoverable: false,
    })
    expect(unexpected).toEqual([seen[0][1]])
  })

  test('what the native part refuses comes as events', async () => {
    opened()
    native().refusal = Object.assign(new Error('no slot is left'), { code: 70 })
    const ws = connecting()
    const seen = watch(ws)
    expect(seen).toEqual([])
    await turn()
    expect(seen.map((event) => event[0])).toEqual(['error', 'close'])
    expect(seen[0][1]).toMatchObject({ code: 'TOO_MANY_CONNECTIONS' })
  })
})

describe('giving up', () => {
  test.each(['close', 'terminate'] as const)('%s while connecting', (method) => {
    const ws = connecting()
    const seen = watch(ws)
    const { slot } = last()
    ws[method]()
    expect(ws.readyState).toBe(WebSocket.CLOSING)
    expect(kinds()).toEqual(expect.arrayContaining(['connect', 'terminate']))
    // It may have opened just then.
    native().reactor.deliver(In.open, slot, { data: openFields() })
    native().reactor.deliver(In.error, slot, { aux: 71, data: '0\n' })
    ends(slot, 1006, '', false)
    expect(seen).toEqual([
      ['error', expect.objectContaining({ code: 'ABORTED' })],
      ['close', 1006, ''],
    ])
  })

  test('a signal: before, while and after connecting', async () => {
    const reason = new Error('enough')
    const before = connecting({ signal: AbortSignal.abort(reason) })
    const seenBefore = watch(before)
    await turn(2)
    expect(seenBefore.map((event) => event[0])).toEqual(['error', 'close'])
    expect(seenBefore[0][1]).toMatchObject({ code: 'ABORTED', cause: reason })

    const controller = new AbortController()
    const during = connecting({ signal: controller.signal })
    const seenDuring = watch(during)
    const { slot } = last()
    controller.abort(reason)
    ends(slot, 1006, '', false)
    expect(seenDuring[0][1]).toMatchObject({ code: 'ABORTED', cause: reason })

    const later = new AbortController()
    const after = opened({ signal: later.signal })
    await turn()
    const seenAfter = watch(after.ws)
    later.abort(reason)
    expect(kinds()).toContain('terminate')
    ends(after.slot, 1006, '', false)
    expect(seenAfter).toEqual([
      ['error', expect.objectContaining({ code: 'ABORTED', cause: reason })],
      ['close', 1006, ''],
    ])
  })
})

describe('lookup', () => {
  test('its addresses are dialled; it is not asked for literals', async () => {
    const asked: unknown[] = []
    const lookup: WebSocketOptions['lookup'] = (host, options, callback) => {
      asked.push([host, options.family, options.all])
      callback(null, [
        { address: '192.0.2.5', family: 4 },
        { address: '2001:db8::5', family: 6 },
      ])
    }
    const before = native().connects.length
    const ws = connecting({ lookup, family: 0 })
    expect(native().connects).toHaveLength(before)
    await turn()
    expect(last().settings).toMatchObject({ host: 'example.test', addresses: ['192.0.2.5', '2001:db8::5'] })
    ws.terminate()
    ends(last().slot, 1006, '', false)
    expect(settings('ws://192.0.2.9/', { lookup })).toMatchObject({ addresses: [] })
    expect(asked).toEqual([['example.test', 0, true]])
  })

  test('the form with a single address', async () => {
    const ws = connecting({ lookup: (_host, _options, callback) => callback(null, '192.0.2.6', 4) })
    await turn()
    expect(last().settings.addresses).toEqual(['192.0.2.6'])
    ws.terminate()
    ends(last().slot, 1006, '', false)
  })

  test.each<[string, WebSocketOptions['lookup']]>([
    ['an error', (_host, _options, callback) => callback(new Error('no such name'), '', 4)],
    ['no address', (_host, _options, callback) => callback(null, [])],
    [
      'a throw',
      () => {
        throw new Error('broken')
      },
    ],
  ])('%s is DNS_FAILED', async (_name, lookup) => {
    const ws = connecting({ lookup })
    const seen = watch(ws)
    await turn(3)
    expect(seen.map((event) => event[0])).toEqual(['error', 'close'])
    expect(seen[0][1]).toMatchObject({ code: 'DNS_FAILED' })
  })

  test('closing while it looks; its answer comes to nothing', async () => {
    let answer = (): void => {}
    const before = native().connects.length
    const ws = connecting({
      lookup: (_host, _options, callback) => {
        answer = () => callback(null, '192.0.2.6', 4)
      },
    })
    const seen = watch(ws)
    ws.close()
    await turn(2)
    answer()
    await turn(2)
    expect(seen.map((event) => event[0])).toEqual(['error', 'close'])
    expect(native().connects).toHaveLength(before)
  })
})

describe('TLS contexts', () => {
  test('one a distinct set of options; roots are handed over once; the oldest is released', () => {
    const first = settings('wss://a.test').tls
    expect(settings('wss://b.test').tls).toBe(first)
    expect(native().roots).toHaveLength(1)
    expect(native().roots[0]).toContain('BEGIN CERTIFICATE')
    expect(settings('wss://a.test', { rejectUnauthorized: false }).tls).not.toBe(first)
    for (let i = 0; i < 70; i++) settings('wss://a.test', { ca: `ca ${i}` })
    expect(native().released).toContain(first)
    expect(native().roots).toHaveLength(1)
  })

  test('options in the native form', () => {
    const { tls } = settings('wss://a.test', {
      ca: ['one', Buffer.from('two')],
      cert: 'cert',
      key: Buffer.from('key'),
      passphrase: 'p',
      minVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
      ALPNProtocols: ['x'],
      servername: 'other.test',
    })
    expect(native().tlsClients.get(tls)).toMatchObject({
      ca: ['one', 'two'],
      cert: 'cert',
      key: 'key',
      passphrase: 'p',
      alpn: ['x'],
      minVersion: 0x0304,
      maxVersion: 0x0304,
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
      ciphersuites: 'TLS_AES_128_GCM_SHA256',
    })
    expect(last().settings.serverName).toBe('other.test')
  })

  test('material that cannot be used is thrown with its code', () => {
    opened()
    native().refusal = Object.assign(new Error('no start line'), { code: 28 })
    expect(() => connecting({ ca: 'broken' }, 'wss://a.test')).toThrow(
      expect.objectContaining({ code: 'TLS_BAD_MATERIAL' }),
    )
  })
})
