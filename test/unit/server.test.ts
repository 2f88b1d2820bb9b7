// WebSocketServer over the double: start and end, decisions, publishing, what it keeps alive.
import { WebSocketServer, type ServerOptions, type UpgradeRequest } from '../../lib'
import { In, OutFlag, noSlot } from '../../lib/native/records'
import { native, turn } from './support/fake-native'
import { accepted, ends, kinds, listening, requestFields, written } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

/** A peer that asks; the slot it got. */
function asks(id: number, headers: string[] = []): number {
  const slot = native().slot()
  const upgrade = ['Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']
  const data = requestFields({ headers: ['Host', 'example.test', ...upgrade, ...headers] })
  native().reactor.deliver(In.upgrade, slot, { aux: id, data })
  return slot
}

async function deciding(options: Partial<ServerOptions>): Promise<{ server: WebSocketServer; id: number }> {
  const made = await listening(options)
  expect(native().listens.at(-1)!.settings.decide).toBe(true)
  return made
}

describe('start and end', () => {
  test('listening tells the address', async () => {
    const heard: unknown[] = []
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => heard.push('callback'))
    server.on('listening', () => heard.push('event'))
    expect(server.address()).toBeNull()
    await turn()
    const { id, settings } = native().listens.at(-1)!
    expect(settings).toMatchObject({ listen: true, host: '127.0.0.1', port: 0, decide: false, backlog: 511 })
    native().reactor.deliver(In.listening, id, { data: '127.0.0.1\n4711\nIPv4' })
    expect(heard).toEqual(['callback', 'event'])
    expect(server.address()).toEqual({ address: '127.0.0.1', port: 4711, family: 'IPv4' })
  })

  test('an address in use is an error with its code, then the end', async () => {
    const server = new WebSocketServer({ port: 80 })
    const seen: unknown[] = []
    server.on('error', (error) => seen.push(error))
    server.on('close', () => seen.push('close'))
    await turn()
    const { id } = native().listens.at(-1)!
    native().reactor.write(In.server_error, id, { aux: 60, data: '98\nbind' })
    native().reactor.write(In.server_closed, id)
    native().reactor.publish()
    expect(seen).toEqual([expect.objectContaining({ code: 'EADDRINUSE' }), 'close'])
    await server.close()
  })

  test('close tells the reactor once, and every call waits for the end', async () => {
    const { server, id } = await listening()
    kinds()
    const closed = server.close({ timeout: 50 })
    const again = server.close()
    expect(written()).toMatchObject([{ kind: 'server_close', connection: id, aux: 50 }])
    native().reactor.deliver(In.server_closed, id)
    await Promise.all([closed, again, server.close()])
    expect(server.address()).toBeNull()
    expect(server.publish('t', 'x')).toBe(false)
  })

  test('closed before it began, nothing is listened to', async () => {
    const before = native().listens.length
    const server = new WebSocketServer({ port: 0 })
    await server.close()
    expect(native().listens).toHaveLength(before)
  })

  test('noServer has no listener and no `listening`', async () => {
    const server = new WebSocketServer({ noServer: true })
    await turn()
    expect(native().listens.at(-1)!.settings.listen).toBe(false)
    const { id } = native().listens.at(-1)!
    const heard: string[] = []
    server.on('listening', () => heard.push('listening'))
    native().reactor.deliver(In.listening, id, { data: '\n0\n' })
    await turn()
    expect(heard).toEqual([])
  })
})

describe('connections', () => {
  test('the request is taken apart', async () => {
    const { server, id } = await listening()
    const headers = [
      'Host',
      'example.test',
      'Cookie',
      'a=1',
      'cookie',
      'b=2',
      'X-A',
      '1',
      'x-a',
      '2',
      'Host',
      'second',
    ]
    const { ws, slot, request } = accepted(
      server,
      id,
      requestFields({ protocol: 'chat', extensions: 'e', headers }),
    )
    expect(request).toMatchObject({
      method: 'GET',
      url: '/chat?x=1',
      remoteAddress: '192.0.2.7',
      remotePort: 50000,
      localAddress: '192.0.2.1',
      localPort: 80,
      protocol: 'chat',
      tls: undefined,
    })
    expect(request.headers).toEqual({ host: 'example.test', cookie: 'a=1; b=2', 'x-a': '1, 2' })
    expect(request.rawHeaders).toEqual(headers)
    expect([ws.readyState, ws.protocol, ws.extensions, ws.url]).toEqual([1, 'chat', 'e', ''])
    ends(slot)
  })

  test('clients is a view of those that are open', async () => {
    const { server, id } = await listening()
    const other = await listening()
    const a = accepted(server, id)
    const b = accepted(server, id)
    const c = accepted(other.server, other.id)
    expect(server.clients.size).toBe(2)
    expect([...server.clients]).toEqual([a.ws, b.ws])
    expect([server.clients.has(a.ws), server.clients.has(c.ws), server.clients.has({})]).toEqual([
      true,
      false,
      false,
    ])
    const seen: unknown[] = []
    server.clients.forEach((socket) => seen.push(socket))
    expect(seen).toEqual([a.ws, b.ws])
    await turn()
    ends(a.slot)
    expect([...server.clients.values()]).toEqual([b.ws])
    expect(server.clients.size).toBe(1)
    ends(b.slot)
    ends(c.slot)
  })

  test('a socket without listeners or messages has no rare state', async () => {
    const { server, id } = await listening()
    const { ws, slot } = accepted(server, id)
    expect(ws._extra).toBeNull()
    expect(ws.listenerCount('message')).toBe(0)
    await turn()
    ends(slot)
  })
})

describe('decisions', () => {
  test.each<[string, Partial<ServerOptions>]>([
    ['verify', { verify: () => true }],
    ['handleProtocols', { handleProtocols: () => false }],
  ])('%s has every request asked about', async (_name, options) => {
    await deciding(options)
  })

  test('so do a `headers` listener and an own shouldHandle', async () => {
    const server = new WebSocketServer({ port: 0 })
    server.on('headers', () => {})
    await turn()
    expect(native().listens.at(-1)!.settings.decide).toBe(true)
    class Own extends WebSocketServer {
      override shouldHandle(): boolean {
        return false
      }
    }
    new Own({ port: 0 }).on('error', () => {})
    await turn()
    const { id, settings } = native().listens.at(-1)!
    expect(settings.decide).toBe(true)
    kinds()
    asks(id)
    expect(written()).toMatchObject([{ kind: 'reject', aux: 404 }])
  })

  test('yes: subprotocol and headers go into the answer, and the request object is the same', async () => {
    let seen: UpgradeRequest | undefined
    const { server, id } = await deciding({
      protocols: ['b', 'a'],
      verify: (request) => {
        seen = request
        return { headers: { 'X-A': '1' } }
      },
    })
    server.on('headers', (lines) => lines.push('Set-Cookie: a=1; Path=/'))
    kinds()
    const slot = asks(id, ['Sec-WebSocket-Protocol', 'a, b'])
    expect(written()).toMatchObject([
      { kind: 'accept', connection: slot, text: ['b', 'X-A', '1', 'Set-Cookie', 'a=1; Path=/'].join('\n') },
    ])
    const requests: UpgradeRequest[] = []
    server.on('connection', (_ws, request) => requests.push(request))
    native().reactor.deliver(In.connection, slot, { aux: id, data: requestFields({ protocol: 'b' }) })
    expect(requests).toEqual([seen])
    expect(requests[0]).toBe(seen)
    expect(seen!.protocol).toBe('b')
    await turn()
    ends(slot)
  })

  test.each<[string, ServerOptions['verify'], number, RegExp]>([
    ['false', () => false, 403, /^HTTP\/1.1 403 Forbidden\r\nConnection: close\r\n/],
    ['a status', () => ({ status: 401 }), 401, /Unauthorized\n$/],
    [
      'status, headers and body',
      () => ({ status: 429, headers: { 'Retry-After': 5, 'Content-Type': 'text/html' }, body: 'grün' }),
      429,
      /Retry-After: 5\r\nContent-Type: text\/html\r\nContent-Length: 5\r\n\r\ngrün$/,
    ],
    ['a promise', () => Promise.resolve(false), 403, /403/],
  ])('no: %s', async (_name, verify, status, answer) => {
    const { id } = await deciding({ verify })
    kinds()
    const slot = asks(id)
    await turn()
    const [record] = written()
    expect(record).toMatchObject({ kind: 'reject', connection: slot, aux: status })
    expect(record.text).toMatch(answer)
    ends(slot, 1006, '', false)
  })

  test.each<[string, ServerOptions]>([
    [
      'verify throws',
      {
        verify: () => {
          throw new Error('mine')
        },
      },
    ],
    ['verify rejects', { verify: () => Promise.reject(new Error('mine')) }],
    ['verify answers nothing', { verify: (() => undefined) as never }],
    ['verify answers a status that is none', { verify: () => ({ status: 200 }) }],
    ['verify answers a bad header', { verify: () => ({ headers: { 'X-A': 'a\nb' } }) }],
    ['handleProtocols chooses what was not offered', { handleProtocols: () => 'other' }],
  ])('500: %s', async (_name, options) => {
    const { server, id } = await deciding(options)
    const errors: unknown[] = []
    server.on('error', (error) => errors.push(error))
    kinds()
    const slot = asks(id, ['Sec-WebSocket-Protocol', 'a'])
    await turn()
    expect(written()).toMatchObject([{ kind: 'reject', aux: 500 }])
    expect(errors).toMatchObject([{ code: 'VERIFY_FAILED' }])
    ends(slot, 1006, '', false)
  })

  test('a peer that leaves before the answer is not answered, whoever has its slot now', async () => {
    let answer: (verdict: boolean) => void = () => {}
    const { id } = await deciding({ verify: () => new Promise<boolean>((resolve) => (answer = resolve)) })
    const slot = asks(id)
    ends(slot, 1006, '', false)
    const first = answer
    const second = asks(id)
    expect(second).toBe(slot)
    kinds()
    first(true)
    await turn()
    expect(kinds()).toEqual([])
    answer(true)
    await turn()
    expect(kinds()).toEqual(['accept'])
    ends(second, 1006, '', false)
  })

  test('handleProtocols gets what was offered', async () => {
    const offers: string[][] = []
    const { id } = await deciding({
      handleProtocols: (offered) => {
        offers.push([...offered])
        return 'b'
      },
    })
    kinds()
    asks(id, ['Sec-WebSocket-Protocol', 'a,  b'])
    asks(id)
    expect(offers).toEqual([['a', 'b']])
    expect(written().map((record) => record.text)).toEqual(['b', ''])
  })
})

describe('topics', () => {
  test('subscribe, publish from a socket and from the server', async () => {
    const { server, id } = await listening()
    const { ws, slot } = accepted(server, id)
    await turn()
    kinds()
    expect(ws.subscribe('raum')).toBe(true)
    expect(ws.publish('raum', 'text')).toBe(true)
    expect(server.publish('raum', Buffer.from('b'), { compress: false })).toBe(true)
    expect(ws.unsubscribe('raum')).toBe(true)
    expect(written()).toMatchObject([
      { kind: 'subscribe', connection: slot, text: 'raum' },
      { kind: 'publish', connection: slot, aux: (id << 16) | 4, flags: OutFlag.compress, text: 'raumtext' },
      { kind: 'publish', connection: noSlot | 0, aux: (id << 16) | 4, flags: OutFlag.binary, text: 'raumb' },
      { kind: 'unsubscribe', connection: slot, text: 'raum' },
    ])
    for (const topic of ['', 5, undefined, 'x'.repeat(70000)]) {
      expect(() => ws.subscribe(topic as string)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      )
    }
    expect(() => server.publish('t', 5 as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    ends(slot)
  })

  test('false while a subscriber is above the high-water mark; drain says when to go on', async () => {
    const { server, id } = await listening()
    const { ws, slot } = accepted(server, id)
    await turn()
    const drains: string[] = []
    server.on('drain', () => drains.push('drain'))
    const { gauge } = native().listens.at(-1)!
    native().reactor.flushed(gauge, 1, 0)
    expect(server.publish('t', 'x')).toBe(false)
    expect(ws.publish('t', 'x')).toBe(false)
    native().reactor.flushed(gauge, 0, 0)
    native().reactor.deliver(In.server_drain, id)
    expect(drains).toEqual(['drain'])
    expect(server.publish('t', 'x')).toBe(true)
    ends(slot)
  })

  test('dropped messages are told', async () => {
    const { server, id } = await listening()
    const counts: number[] = []
    server.on('dropped', (count) => counts.push(count))
    native().reactor.deliver(In.dropped, id, { aux: 12 })
    expect(counts).toEqual([12])
  })
})

test('addHost needs TLS', async () => {
  const { server } = await listening()
  expect(() => server.addHost('a.test', { cert: 'c', key: 'k' })).toThrow(
    expect.objectContaining({ code: 'INVALID_STATE' }),
  )
  const secure = await listening({
    tls: { cert: 'c', key: 'k', hosts: { 'b.test': { cert: 'c', key: 'k' } } },
  })
  secure.server.addHost('A.test', { pfx: Buffer.from('p') })
  const settings = [...native().tlsServers.values()].at(-1)!
  expect(settings.hosts.map((host) => host.host)).toEqual(['b.test', 'a.test'])
  expect(() => secure.server.addHost('', {})).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => secure.server.addHost('c.test', {})).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})
