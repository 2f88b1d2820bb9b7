// Topics: subscribe, unsubscribe, publish by a socket and by the server, the sender left out, slow subscribers.
import { parseExtensions } from '../support/deflate'
import { OP, RSV1 } from '../support/frames'
import { plenty } from '../support/kernel'
import type { RawPeer } from '../support/raw-peer'
import { observe, useScope, type Session } from '../support/scope'
import { event, turns, until } from '../support/waiters'
import { type WebSocket, WebSocketServer } from '../support/subject'
import type { SlowConsumer } from '../../lib'

const scope = useScope()

interface Member extends Omit<Session, 'peer'> {
  client: WebSocket
  /** What the client got. */
  inbox: Omit<Session, 'peer'>
}

async function members(
  count: number,
  options: Record<string, unknown> = {},
): Promise<{ server: WebSocketServer; all: Member[] }> {
  const { server, url } = await scope.server(options)
  const all: Member[] = []
  for (let i = 0; i < count; i++) all.push(await member(server, url))
  return { server, all }
}

async function member(server: WebSocketServer, url: string): Promise<Member> {
  const connection = event<[WebSocket]>(server, 'connection')
  const client = scope.client(url)
  const inbox = observe(client)
  const [socket] = await connection
  return { ...observe(socket), client, inbox }
}

/** What tells keys apart: undefined is a value, too. */
function keyOf(policy: SlowConsumer, message: object): unknown[] {
  const pointers = typeof policy === 'object' ? [policy.conflate].flat() : ['/type']
  return pointers.map((pointer) =>
    pointer
      .slice(1)
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], message),
  )
}

const data = (member: Member): unknown[] => member.inbox.messages.map((m) => m.data)

/** Waits until everything published so far has reached `member`: messages to one socket keep their order. */
async function settled(...list: Member[]): Promise<void> {
  for (const member of list) {
    const end = new Promise<void>((resolve) => {
      const wait = (text: unknown): void => {
        if (text !== '\0end') return
        member.client.removeListener('message', wait)
        member.inbox.messages.pop()
        resolve()
      }
      member.client.on('message', wait)
    })
    member.socket.send('\0end')
    await end
  }
}

test('server.publish reaches all subscribers and nobody else', async () => {
  const { server, all } = await members(4)
  const [a, b, c] = all as [Member, Member, Member]
  expect([a.socket.subscribe('news'), b.socket.subscribe('news'), c.socket.subscribe('sport')]).toEqual([
    true,
    true,
    true,
  ])
  expect(server.publish('news', 'hello')).toBe(true)
  server.publish('sport', 'goal')
  server.publish('nothing', 'void')
  await settled(...all)
  expect(all.map(data)).toEqual([['hello'], ['hello'], ['goal'], []])
})

test('socket.publish leaves out the sender', async () => {
  const { all } = await members(3)
  for (const { socket } of all) socket.subscribe('room')
  expect(all[0].socket.publish('room', 'from the first')).toBe(true)
  await settled(...all)
  expect(all.map(data)).toEqual([[], ['from the first'], ['from the first']])
})

test('a socket may publish to what it does not subscribe', async () => {
  const { all } = await members(2)
  all[1].socket.subscribe('room')
  all[0].socket.publish('room', 'x')
  await settled(...all)
  expect(all.map(data)).toEqual([[], ['x']])
})

test('subscribing twice delivers once, unsubscribing once ends it', async () => {
  const { server, all } = await members(1)
  const [a] = all as [Member]
  a.socket.subscribe('t')
  a.socket.subscribe('t')
  server.publish('t', '1')
  a.socket.unsubscribe('t')
  server.publish('t', '2')
  a.socket.unsubscribe('t')
  a.socket.subscribe('t')
  server.publish('t', '3')
  await settled(a)
  expect(data(a)).toEqual(['1', '3'])
})

test('order between send, publish, subscribe and unsubscribe is the order of the calls', async () => {
  const { server, all } = await members(1)
  const [a] = all as [Member]
  for (let i = 0; i < 200; i++) {
    a.socket.send(`s${i}`)
    a.socket.subscribe('t')
    server.publish('t', `p${i}`)
    a.socket.unsubscribe('t')
    server.publish('t', `never${i}`)
  }
  await settled(a)
  expect(data(a)).toEqual(
    Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? `s${i / 2}` : `p${(i - 1) / 2}`)),
  )
})

test('binary, text and large payloads', async () => {
  const { server, all } = await members(2)
  for (const { socket } of all) socket.subscribe('t')
  const big = Buffer.alloc(1_000_000, 3)
  server.publish('t', Buffer.from([1, 2]))
  server.publish('t', 'text é 🚢')
  server.publish('t', big)
  server.publish('t', 'forced', { binary: true })
  server.publish('t', '')
  await settled(...all)
  for (const member of all) {
    expect(member.inbox.messages.map((m) => m.isBinary)).toEqual([true, false, true, true, false])
    expect((member.inbox.messages[2].data as Buffer).equals(big)).toBe(true)
    expect([data(member)[0], data(member)[1], String(data(member)[3]), data(member)[4]]).toEqual([
      Buffer.from([1, 2]),
      'text é 🚢',
      'forced',
      '',
    ])
  }
})

test('one frame per subscriber however many there are, encoded alike', async () => {
  const { server, port } = await scope.server()
  const peers: RawPeer[] = []
  for (let i = 0; i < 50; i++) {
    const connection = event<[WebSocket]>(server, 'connection')
    const peer = (await scope.rawClient(port)).upgrade()
    await peer.readHead()
    ;(await connection)[0].subscribe('t')
    peers.push(peer)
  }
  for (let i = 0; i < 20; i++) server.publish('t', `message ${i}`)
  for (const peer of peers) {
    for (let i = 0; i < 20; i++)
      expect((await peer.expectFrame(OP.text)).payload.toString()).toBe(`message ${i}`)
    expect(peer.unread).toBe(0)
  }
})

test('subscribers with and without compression get the same message', async () => {
  const { server, port, url } = await scope.server({ perMessageDeflate: { threshold: 0 } })
  const clients = [await scope.opened(url, [], { perMessageDeflate: true }), await scope.opened(url)]
  for (const socket of server.clients) socket.subscribe('t')
  const got = clients.map((client) => event<[string]>(client, 'message'))
  server.publish('t', 'compress me '.repeat(100))
  expect((await Promise.all(got)).map(([text]) => text)).toEqual([
    'compress me '.repeat(100),
    'compress me '.repeat(100),
  ])
  const connection = event<[WebSocket]>(server, 'connection')
  const peer = (await scope.rawClient(port)).upgrade({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })
  expect(parseExtensions((await peer.readHead()).headers['sec-websocket-extensions'])).toHaveLength(1)
  ;(await connection)[0].subscribe('t')
  server.publish('t', 'a '.repeat(500), { compress: false })
  expect((await peer.expectFrame(OP.text)).rsv).toBe(0)
  server.publish('t', 'a '.repeat(500))
  expect((await peer.expectFrame(OP.text)).rsv).toBe(RSV1)
})

test('a closed socket is out of its topics', async () => {
  const { server, all } = await members(2)
  for (const { socket } of all) socket.subscribe('t')
  all[0].client.terminate()
  await all[0].closed
  server.publish('t', 'x')
  await settled(all[1])
  expect(all.map(data)).toEqual([[], ['x']])
})

test('topics of different servers are apart', async () => {
  const [one, two] = [await members(1), await members(1)]
  one.all[0].socket.subscribe('t')
  two.all[0].socket.subscribe('t')
  one.server.publish('t', 'one')
  await settled(one.all[0], two.all[0])
  expect([data(one.all[0]), data(two.all[0])]).toEqual([['one'], []])
})

test('a thousand topics of one socket, with names of every kind', async () => {
  const { server, all } = await members(1)
  const [a] = all as [Member]
  const names = [
    'é',
    '漢字/🚢',
    ' ',
    '\0',
    'x'.repeat(65_535),
    ...Array.from({ length: 1000 }, (_, i) => `topic/${i}`),
  ]
  for (const name of names) a.socket.subscribe(name)
  names.forEach((name, i) => server.publish(name, String(i)))
  await settled(a)
  expect(data(a)).toEqual(names.map((_name, i) => String(i)))
})

describe('slow subscribers', () => {
  const bounds = { highWaterMark: 64 * 1024, maxBackpressure: 256 * 1024 }

  async function slow(
    slowConsumer: SlowConsumer,
  ): Promise<{ server: WebSocketServer; fast: Member; peer: RawPeer; socket: WebSocket }> {
    const { server, path, url } = await scope.unixServer({ ...bounds, slowConsumer })
    const fast = await member(server, url)
    const connection = event<[WebSocket]>(server, 'connection')
    const peer = (await scope.rawClient(path)).upgrade()
    await peer.readHead()
    peer.pause()
    const [socket] = await connection
    socket.on('error', () => {})
    for (const each of server.clients) each.subscribe('t')
    return { server, fast, peer, socket }
  }

  const size = 32 * 1024
  const count = Math.ceil((plenty + 2 * bounds.maxBackpressure) / size)

  /** Publishes more than the kernel and the bound take for a slow subscriber, at the pace of the fast one. */
  async function flood(server: WebSocketServer, fast: Member): Promise<void> {
    for (let i = 0; i < count; i++) {
      const payload = Buffer.alloc(size)
      payload.writeUInt32LE(i)
      server.publish('t', payload)
      await fast.inbox.received(i + 1)
    }
  }

  test('drop: they miss messages, the others do not, and the connection lives', async () => {
    const { server, fast, peer, socket } = await slow('drop')
    await flood(server, fast)
    expect(fast.inbox.messages.map((m) => (m.data as Buffer).readUInt32LE())).toEqual(
      Array.from({ length: count }, (_, i) => i),
    )
    expect(socket.readyState).toBe(1)
    peer.resume()
    socket.send('end')
    const numbers: number[] = []
    for (let frame = await peer.nextFrame(); frame?.opcode === OP.binary; frame = await peer.nextFrame())
      numbers.push(frame.payload.readUInt32LE())
    expect(numbers.length).toBeLessThan(count)
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y))
  })

  /** What the slow one reads from now on, up to the text 'end', which is sent to it behind everything. */
  async function rest({ peer, socket }: { peer: RawPeer; socket: WebSocket }): Promise<Buffer[]> {
    peer.resume()
    socket.send('end')
    const all: Buffer[] = []
    for (let frame = await peer.nextFrame(); frame !== undefined; frame = await peer.nextFrame()) {
      if (frame.payload.toString() === 'end') return all
      all.push(frame.payload)
    }
    throw new Error('the connection has ended')
  }

  test('drop-oldest: what they miss is what waited longest', async () => {
    const made = await slow('drop-oldest')
    const { server, fast, socket } = made
    let dropped = 0
    server.on('dropped', (messages) => (dropped += messages))
    await flood(server, fast)
    expect(fast.inbox.messages).toHaveLength(count)
    expect(socket.readyState).toBe(1)
    expect(server._topics.gauges().bufferedBytes).toBeGreaterThan(0)
    const numbers = (await rest(made)).map((payload) => payload.readUInt32LE())
    expect(numbers.length).toBeLessThan(count)
    expect(numbers).toEqual([...new Set(numbers)].sort((x, y) => x - y))
    // The newest are there, as many as the bound takes.
    const kept = Math.floor((bounds.maxBackpressure - bounds.highWaterMark) / size) - 3
    expect(numbers.slice(-kept)).toEqual(Array.from({ length: kept }, (_, i) => count - kept + i))
    expect(server._topics.gauges()).toMatchObject({
      ...{ slowDropped: count - numbers.length, slowClosed: 0, conflated: 0 },
      bufferedBytes: 0,
    })
    await until(() => dropped === count - numbers.length)
  })

  test.each<[SlowConsumer, (at: number) => object, number]>([
    ['conflate', (at) => ({ type: `t${at % 3}`, key: at % 2 }), 3],
    [{ conflate: '/payload/key' }, (at) => ({ type: `t${at % 3}`, payload: { key: at % 2 } }), 2],
    [{ conflate: ['/a', '/b'] }, (at) => ({ a: at % 2, b: at % 3 === 0 ? 'x' : undefined }), 4],
    [{ conflate: '/nowhere' }, (at) => ({ type: `t${at}` }), 1],
  ])('%j: of each key only the latest waits', async (policy, shape, keys) => {
    const made = await slow(policy)
    const { server, fast } = made
    const pad = 'x'.repeat(size)
    for (let at = 0; at < count; at++) {
      server.publish('t', JSON.stringify({ ...shape(at), at, pad }))
      await fast.inbox.received(at + 1)
    }
    const numbers = (await rest(made)).map((text) => (JSON.parse(text.toString()) as { at: number }).at)
    expect(numbers).toEqual([...new Set(numbers)].sort((x, y) => x - y))
    // The latest of each key, which end the list, in their order.
    const key = (at: number): string => JSON.stringify(keyOf(policy, shape(at)))
    const latest = new Map(Array.from({ length: count }, (_, at) => [key(at), at]))
    expect(latest.size).toBe(keys)
    expect(numbers.slice(-keys)).toEqual([...latest.values()].sort((x, y) => x - y))
    expect(server._topics.gauges()).toMatchObject({ slowDropped: 0, conflated: count - numbers.length })
    expect(numbers.length).toBeLessThan(count)
  })

  test('what cannot be read has one key a topic, and topics are apart', async () => {
    const made = await slow('conflate')
    const { server, fast } = made
    for (const each of server.clients) each.subscribe('u')
    for (let i = 0; i < count; i++) {
      server.publish(i % 2 === 0 ? 't' : 'u', i % 4 < 2 ? Buffer.alloc(size, i) : 'no json'.padEnd(size))
      await fast.inbox.received(i + 1)
    }
    const last = (await rest(made)).slice(-2).map((bytes) => bytes.length)
    expect(last).toEqual([size, size])
    const { conflated, slowDropped } = server._topics.gauges()
    expect(conflated).toBeGreaterThan(0)
    expect(slowDropped).toBe(0)
  })

  test('options that cannot be', () => {
    for (const slowConsumer of [
      'oldest',
      {},
      { conflate: [] },
      { conflate: 'x' },
      { conflate: 5 },
      null,
      3,
    ]) {
      expect(() => new WebSocketServer({ noServer: true, slowConsumer: slowConsumer as never })).toThrow(
        /`slowConsumer/,
      )
    }
  })

  test('disconnect: they are closed with 1008, the others are not', async () => {
    const { server, fast, peer, socket } = await slow('disconnect')
    const { closed, errors } = observe(socket)
    const error = event<[{ code: string }]>(socket, 'error')
    await flood(server, fast)
    expect((await error)[0].code).toBe('SLOW_CONSUMER')
    peer.resume()
    const close = await peer.closeFrame()
    if (close) expect(close.code).toBe(1008)
    peer.end()
    expect([1006, 1008]).toContain((await closed).code)
    expect(errors).toHaveLength(1)
    expect(fast.client.readyState).toBe(1)
  })
})

test('publish is refused on a closed socket and harmless on a closed server', async () => {
  const { server, all } = await members(1)
  all[0].client.terminate()
  await all[0].closed
  expect(all[0].socket.publish('t', 'x')).toBe(false)
  await server.close()
  expect(server.publish('t', 'x')).toBe(false)
  await turns()
})
