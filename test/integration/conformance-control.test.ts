// RFC 6455, sections 5.4 and 5.5.2 to 5.5.3: fragmentation, ping and pong, told to a server and to a client by a raw peer.
import { expectFailure } from '../support/expectations'
import { OP, type FrameSpec } from '../support/frames'
import type { Role } from '../support/raw-peer'
import { Random } from '../support/random'
import { useScope } from '../support/scope'
import { event } from '../support/waiters'

const random = new Random()
const scope = useScope()

const start = (payload: string): FrameSpec => ({ opcode: OP.text, fin: false, payload })
const middle = (payload: string): FrameSpec => ({ opcode: OP.continuation, fin: false, payload })
const last = (payload: string): FrameSpec => ({ opcode: OP.continuation, payload })
const whole = (payload: string): FrameSpec => ({ opcode: OP.text, payload })
const ping = (payload: string): FrameSpec => ({ opcode: OP.ping, payload })
const pong = (payload: string): FrameSpec => ({ opcode: OP.pong, payload })

const legal: [string, FrameSpec[], string[]][] = [
  ['two fragments', [start('a'), last('b')], ['ab']],
  ['three fragments', [start('a'), middle('b'), last('c')], ['abc']],
  ['empty first', [start(''), last('b')], ['b']],
  ['empty last', [start('a'), last('')], ['a']],
  ['all empty', [start(''), middle(''), middle(''), last('')], ['']],
  ['two messages', [start('a'), last('b'), start('c'), last('d')], ['ab', 'cd']],
  ['fragmented, then whole', [start('a'), last('b'), whole('c')], ['ab', 'c']],
  ['ping between', [start('a'), ping('p'), middle('b'), ping('q'), last('c')], ['abc']],
  ['pong between', [start('a'), pong('p'), last('b')], ['ab']],
  ['empty ping between', [start('a'), ping(''), last('b')], ['ab']],
]

const illegal: [string, FrameSpec[], string[]][] = [
  ['continuation at the start', [last('a')], []],
  ['unfinished continuation at the start', [middle('a')], []],
  ['continuation after a whole message', [whole('a'), last('b')], ['a']],
  ['continuation after a fragmented message', [start('a'), last('b'), last('c')], ['ab']],
  ['whole text inside a fragmented message', [start('a'), whole('b')], []],
  ['whole binary inside a fragmented message', [start('a'), { opcode: OP.binary, payload: 'b' }], []],
  ['a second start', [start('a'), start('b')], []],
  [
    'a second start after a middle',
    [start('a'), middle('b'), { opcode: OP.binary, fin: false, payload: 'b' }],
    [],
  ],
]

describe.each<Role>(['server', 'client'])('fragmentation, subject is the %s', (role) => {
  describe.each(['in one write', 'byte by byte'])('%s', (how) => {
    const chopped = how === 'byte by byte'

    test.each(legal)('legal: %s', async (_name, specs, texts) => {
      const { peer, received } = await scope.session(role)
      const bytes = Buffer.concat(specs.map((spec) => peer.encode(spec)))
      await peer.writeChopped(bytes, chopped ? 1 : bytes.length)
      expect((await received(texts.length)).map((m) => m.data)).toEqual(texts)
      const pings = specs.filter((spec) => spec.opcode === OP.ping)
      for (const sent of pings)
        expect((await peer.expectFrame(OP.pong)).payload.toString()).toBe(sent.payload)
    })

    test.each(illegal)('illegal: %s', async (_name, specs, texts) => {
      const session = await scope.session(role)
      const bytes = Buffer.concat([...specs, whole('never')].map((spec) => session.peer.encode(spec)))
      await session.peer.writeChopped(bytes, chopped ? 1 : bytes.length)
      await expectFailure(session, 1002, 'PROTOCOL_ERROR')
      expect(session.messages.map((m) => m.data)).toEqual(texts)
    })
  })

  test('the first fragment decides between text and binary', async () => {
    const { peer, received } = await scope.session(role)
    peer.send(
      { opcode: OP.binary, fin: false, payload: Buffer.from([1, 0xff]) },
      last('x'),
      start('t'),
      last('u'),
    )
    const messages = await received(2)
    expect(messages).toEqual([
      { data: Buffer.from([1, 0xff, 0x78]), isBinary: true },
      { data: 'tu', isBinary: false },
    ])
  })

  test('10,000 one-byte fragments make one message', async () => {
    const { peer, received } = await scope.session(role)
    const body = 'abcdefghij'.repeat(1000)
    const specs = Array.from(body, (payload, i): FrameSpec => ({
      opcode: i === 0 ? OP.text : OP.continuation,
      fin: i === body.length - 1,
      payload,
    }))
    peer.send(...specs)
    expect((await received(1))[0].data).toBe(body)
  })

  test('large fragments of different sizes make one message', async () => {
    const { peer, received } = await scope.session(role)
    const parts = [0, 70_000, 1, 300_000, 65_536, 125, 126].map((size) => random.bytes(size))
    peer.send(
      ...parts.map((payload, i): FrameSpec => ({
        opcode: i === 0 ? OP.binary : OP.continuation,
        fin: i === parts.length - 1,
        payload,
      })),
    )
    const [message] = await received(1)
    expect(Buffer.concat(parts).equals(message.data as Buffer)).toBe(true)
  })

  test('an unfinished message ends with the connection and is not delivered', async () => {
    const session = await scope.session(role)
    session.peer.send(start('half a'), middle(' message'))
    session.peer.end()
    expect((await session.closed).code).toBe(1006)
    expect(session.messages).toEqual([])
  })
})

describe.each<Role>(['server', 'client'])('ping and pong, subject is the %s', (role) => {
  test.each([0, 1, 125])('a ping of %d bytes is answered with the same bytes', async (size) => {
    const { peer, socket } = await scope.session(role)
    const payload = random.bytes(size)
    const seen = event<[Buffer]>(socket, 'ping')
    peer.send({ opcode: OP.ping, payload })
    const answer = await peer.expectFrame(OP.pong)
    expect(answer.payload.equals(payload)).toBe(true)
    expect(answer.masked).toBe(role === 'client')
    expect(Buffer.from((await seen)[0]).equals(payload)).toBe(true)
  })

  test('a ping cut into single bytes is answered', async () => {
    const { peer } = await scope.session(role)
    await peer.writeChopped(peer.encode(ping('slowly')), 1)
    expect((await peer.expectFrame(OP.pong)).payload.toString()).toBe('slowly')
  })

  // A peer may answer only the latest of several pings (section 5.5.3); the answers given must be in order.
  test('of 1,000 pings in one write the last is answered and no answer is out of order', async () => {
    const { peer } = await scope.session(role)
    peer.send(...Array.from({ length: 1000 }, (_, i) => ping(String(i))))
    let latest = -1
    while (latest < 999) {
      const number = Number((await peer.expectFrame(OP.pong)).payload.toString())
      expect(number).toBeGreaterThan(latest)
      latest = number
    }
  })

  test('an unsolicited pong is reported and otherwise ignored', async () => {
    const { peer, socket, received } = await scope.session(role)
    const seen = event<[Buffer]>(socket, 'pong')
    peer.send(pong('out of the blue'), whole('next'))
    expect(Buffer.from((await seen)[0]).toString()).toBe('out of the blue')
    expect(await received(1)).toEqual([{ data: 'next', isBinary: false }])
    expect(peer.unread).toBe(0)
  })

  test('ping() and pong() send what they are given', async () => {
    const { peer, socket } = await scope.session(role)
    socket.ping()
    socket.ping('text')
    socket.ping(Buffer.alloc(125, 7))
    socket.pong('unasked')
    expect((await peer.expectFrame(OP.ping)).payload).toHaveLength(0)
    expect((await peer.expectFrame(OP.ping)).payload.toString()).toBe('text')
    expect((await peer.expectFrame(OP.ping)).payload.equals(Buffer.alloc(125, 7))).toBe(true)
    expect((await peer.expectFrame(OP.pong)).payload.toString()).toBe('unasked')
  })

  test('pings are answered while the subject is paused', async () => {
    const { peer, socket } = await scope.session(role)
    socket.pause()
    socket.resume()
    peer.send(ping('awake'))
    expect((await peer.expectFrame(OP.pong)).payload.toString()).toBe('awake')
  })
})
