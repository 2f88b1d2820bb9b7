// RFC 7692: messages under permessage-deflate, in both roles, told by a raw peer that compresses with Node's zlib.
import { Deflater, Inflater, parseExtensions } from '../support/deflate'
import { expectFailure } from '../support/expectations'
import { OP, RSV1, RSV2, type FrameSpec } from '../support/frames'
import type { Role } from '../support/raw-peer'
import { Random } from '../support/random'
import { useScope, type Session } from '../support/scope'

const random = new Random()
const scope = useScope()
const TAKEOVER = { serverNoContextTakeover: false, clientNoContextTakeover: false, threshold: 0 }
const FRESH = { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 }

/** A session with compression agreed in its plainest form, context kept on both sides. */
async function plain(role: Role, more: object = {}): Promise<Session> {
  return await scope.session(role, { perMessageDeflate: TAKEOVER, ...more }, 'permessage-deflate')
}

const compressed = (payload: Buffer, more: Partial<FrameSpec> = {}): FrameSpec => ({
  opcode: OP.text,
  rsv: RSV1,
  payload,
  ...more,
})

/** What the subject, as a server, answered; as a client, what the peer answered. */
function agreed(role: Role, session: Session, answer: string): Record<string, string | true> | undefined {
  return parseExtensions(
    role === 'server' ? session.peer.head?.headers['sec-websocket-extensions'] : answer,
  )[0]?.parameters
}

/** Text that compresses only with a window as large as `distance` bytes. */
const repeating = (distance: number): string => {
  const block = random.bytes(Math.floor(distance / 2)).toString('hex')
  return block + block
}

async function exchange(
  session: Session,
  role: Role,
  parameters: Record<string, string | true>,
): Promise<void> {
  const side = (name: 'server' | 'client'): [number, boolean] => [
    Number(parameters[`${name}_max_window_bits`] ?? 15),
    parameters[`${name}_no_context_takeover`] === undefined,
  ]
  const deflater = new Deflater(...side(role === 'server' ? 'client' : 'server'))
  const inflater = new Inflater(...side(role))
  const texts = [
    'first '.repeat(50),
    'first '.repeat(50),
    '',
    random.text(3000),
    repeating(20_000),
    repeating(400),
    'last',
  ]
  for (const text of texts) session.peer.send(compressed(await deflater.compress(text)))
  expect((await session.received(texts.length)).map((m) => m.data)).toEqual(texts)
  for (const text of texts) {
    session.socket.send(text)
    session.socket.send(Buffer.from(text))
  }
  for (const text of texts) {
    for (const opcode of [OP.text, OP.binary]) {
      const frame = await session.peer.expectFrame(opcode)
      const data = (frame.rsv & RSV1) === 0 ? frame.payload : await inflater.decompress(frame.payload)
      expect(data.equals(Buffer.from(text))).toBe(true)
    }
  }
}

const widths = [8, 9, 10, 11, 12, 13, 14, 15]
const takeovers: [string, boolean, boolean][] = [
  ['both keep context', true, true],
  ['server starts afresh', false, true],
  ['client starts afresh', true, false],
  ['both start afresh', false, false],
]

describe('every window and context choice, subject is the server', () => {
  describe.each(takeovers)('%s', (_name, serverKeeps, clientKeeps) => {
    const flags = `${serverKeeps ? '' : '; server_no_context_takeover'}${clientKeeps ? '' : '; client_no_context_takeover'}`

    test.each(widths)('the client announces a window of %d bits', async (bits) => {
      const offer = `permessage-deflate; client_max_window_bits=${bits}${flags}`
      const session = await scope.session('server', { perMessageDeflate: TAKEOVER }, offer)
      const parameters = agreed('server', session, '')
      expect(parameters).toBeDefined()
      expect(Number(parameters!['client_max_window_bits'] ?? 15)).toBeGreaterThanOrEqual(8)
      if (!serverKeeps) expect(parameters!['server_no_context_takeover']).toBe(true)
      // The peer keeps what it announced even where the answer would allow more.
      await exchange(session, 'server', { ...parameters, client_max_window_bits: String(bits) })
    })

    test.each(widths)('the client asks for a server window of %d bits', async (bits) => {
      const offer = `permessage-deflate; server_max_window_bits=${bits}${flags}`
      const session = await scope.session('server', { perMessageDeflate: TAKEOVER }, offer)
      const parameters = agreed('server', session, '')
      if (bits === 8) {
        // zlib cannot compress with 256 bytes: the offer is declined, the connection stands.
        expect(parameters).toBeUndefined()
        session.socket.send('plain')
        expect((await session.peer.expectFrame(OP.text)).rsv).toBe(0)
        return
      }
      expect(Number(parameters!['server_max_window_bits'])).toBeLessThanOrEqual(bits)
      await exchange(session, 'server', parameters!)
    })
  })

  test.each([
    [FRESH, 'permessage-deflate', { server_no_context_takeover: true }],
    [{ ...TAKEOVER, serverMaxWindowBits: 10 }, 'permessage-deflate', { server_max_window_bits: '10' }],
    [
      { ...TAKEOVER, clientMaxWindowBits: 9 },
      'permessage-deflate; client_max_window_bits',
      { client_max_window_bits: '9' },
    ],
  ])('options %j over the offer %s', async (options, offer, expected) => {
    const session = await scope.session('server', { perMessageDeflate: options }, offer)
    const parameters = agreed('server', session, '')
    expect(parameters).toMatchObject(expected)
    await exchange(session, 'server', parameters!)
  })
})

describe('every window and context choice, subject is the client', () => {
  describe.each(takeovers)('%s', (_name, serverKeeps, clientKeeps) => {
    const flags = `${serverKeeps ? '' : '; server_no_context_takeover'}${clientKeeps ? '' : '; client_no_context_takeover'}`

    test.each(widths)('the server uses a window of %d bits', async (bits) => {
      const answer = `permessage-deflate; server_max_window_bits=${bits}${flags}`
      const session = await scope.session('client', { perMessageDeflate: TAKEOVER }, answer)
      await exchange(session, 'client', agreed('client', session, answer)!)
    })

    // With 8 bits, which zlib cannot compress with, the client has to send its messages plain.
    test.each(widths)('the server demands a client window of %d bits', async (bits) => {
      const answer = `permessage-deflate; client_max_window_bits=${bits}${flags}`
      const session = await scope.session('client', { perMessageDeflate: TAKEOVER }, answer)
      expect(
        parseExtensions(session.peer.head!.headers['sec-websocket-extensions'])[0].parameters,
      ).toHaveProperty('client_max_window_bits')
      await exchange(session, 'client', agreed('client', session, answer)!)
    })
  })
})

describe.each<Role>(['server', 'client'])('compressed messages, subject is the %s', (role) => {
  test('a context kept over a hundred messages', async () => {
    const session = await plain(role)
    const deflater = new Deflater()
    const inflater = new Inflater()
    const texts = Array.from({ length: 100 }, (_, i) => `{"sequence":${i},"text":"${random.text(60)}"}`)
    for (const text of texts) session.peer.send(compressed(await deflater.compress(text)))
    expect((await session.received(100)).map((m) => m.data)).toEqual(texts)
    for (const text of texts) session.socket.send(text)
    for (const text of texts)
      expect((await inflater.decompress((await session.peer.expectFrame(OP.text)).payload)).toString()).toBe(
        text,
      )
  })

  test('compressed and plain messages may alternate', async () => {
    const session = await plain(role)
    const deflater = new Deflater()
    session.peer.send(compressed(await deflater.compress('one ')))
    session.peer.text('two')
    session.peer.send(compressed(await deflater.compress('one again')))
    expect((await session.received(3)).map((m) => m.data)).toEqual(['one ', 'two', 'one again'])
  })

  test.each([
    ['made by zlib', async () => await new Deflater().compress('')],
    ['a single zero byte', async () => await Promise.resolve(Buffer.from([0]))],
    ['no byte at all', async () => await Promise.resolve(Buffer.alloc(0))],
  ])('an empty message: %s', async (_name, make) => {
    const session = await plain(role)
    session.peer.send(compressed(await make()))
    session.peer.text('next')
    expect((await session.received(2)).map((m) => m.data)).toEqual(['', 'next'])
  })

  test('a final block ends a message (section 7.2.3.4)', async () => {
    const session = await plain(role)
    session.peer.send(
      compressed(await new Deflater().compress('with BFINAL', true)),
      compressed(await new Deflater().compress('and after')),
    )
    expect((await session.received(2)).map((m) => m.data)).toEqual(['with BFINAL', 'and after'])
  })

  test('stored blocks (section 7.2.3.3)', async () => {
    const session = await plain(role)
    session.peer.send(
      compressed(Buffer.from([0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00])),
    )
    expect((await session.received(1))[0].data).toBe('Hello')
  })

  test("the RFC's two shared-window examples (section 7.2.3.2)", async () => {
    const session = await plain(role)
    const hex = (text: string): FrameSpec => compressed(Buffer.from(text, 'hex'))
    session.peer.send(hex('f248cdc9c90700'), hex('f200110000'))
    expect((await session.received(2)).map((m) => m.data)).toEqual(['Hello', 'Hello'])
  })

  test('a message in fragments, with control frames between', async () => {
    const session = await plain(role)
    const text = random.text(4000)
    const body = await new Deflater().compress(text)
    const cuts = [0, 1, 2, 700, 700, body.length]
    for (let i = 1; i < cuts.length; i++) {
      session.peer.send(
        {
          opcode: i === 1 ? OP.text : OP.continuation,
          rsv: i === 1 ? RSV1 : 0,
          fin: i === cuts.length - 1,
          payload: body.subarray(cuts[i - 1], cuts[i]),
        },
        { opcode: OP.ping, payload: `p${i}` },
      )
    }
    expect((await session.received(1))[0].data).toBe(text)
    for (let i = 1; i < cuts.length; i++)
      expect((await session.peer.expectFrame(OP.pong)).payload.toString()).toBe(`p${i}`)
  })

  test('a message cut into writes of one byte', async () => {
    const session = await plain(role)
    const text = random.text(500)
    await session.peer.writeChopped(session.peer.encode(compressed(await new Deflater().compress(text))), 1)
    expect((await session.received(1))[0].data).toBe(text)
  })

  test('a code point split between the fragments of a compressed message', async () => {
    const session = await plain(role)
    const body = await new Deflater(15).compress('🚢'.repeat(100))
    session.peer.send(
      ...Array.from(body, (_b, i): FrameSpec => ({
        opcode: i === 0 ? OP.text : OP.continuation,
        rsv: i === 0 ? RSV1 : 0,
        fin: i === body.length - 1,
        payload: body.subarray(i, i + 1),
      })),
    )
    expect((await session.received(1))[0].data).toBe('🚢'.repeat(100))
  })

  test('below the threshold messages go out plain, from it on compressed', async () => {
    const session = await plain(role, { perMessageDeflate: { ...TAKEOVER, threshold: 100 } })
    session.socket.send('x'.repeat(99))
    session.socket.send('x'.repeat(100))
    session.socket.send('x'.repeat(500), { compress: false })
    expect((await session.peer.expectFrame(OP.text)).rsv).toBe(0)
    const frame = await session.peer.expectFrame(OP.text)
    expect(frame.rsv).toBe(RSV1)
    expect(frame.payload.length).toBeLessThan(100)
    expect((await session.peer.expectFrame(OP.text)).rsv).toBe(0)
  })

  test('control frames are never compressed', async () => {
    const session = await plain(role)
    session.socket.ping('p'.repeat(100))
    const frame = await session.peer.expectFrame(OP.ping)
    expect([frame.rsv, frame.payload.toString()]).toEqual([0, 'p'.repeat(100)])
  })

  test('a large message of little entropy and one of none survive', async () => {
    const session = await plain(role)
    const deflater = new Deflater()
    const inflater = new Inflater()
    for (const data of [Buffer.alloc(3_000_000, 0x2e), random.bytes(1_500_000)]) {
      session.messages.length = 0
      session.peer.send(compressed(await deflater.compress(data), { opcode: OP.binary }))
      const [message] = await session.received(1)
      expect(data.equals(message.data as Buffer)).toBe(true)
      session.socket.send(data)
      const frame = await session.peer.expectFrame(OP.binary)
      expect((await inflater.decompress(frame.payload)).equals(data)).toBe(true)
    }
  })

  describe('violations', () => {
    test.each<[string, (role: Role) => Promise<FrameSpec[]>]>([
      [
        'RSV1 on a continuation',
        async () => {
          const body = await new Deflater().compress('hello hello hello')
          return [
            compressed(body.subarray(0, 3), { fin: false }),
            { opcode: OP.continuation, rsv: RSV1, payload: body.subarray(3) },
          ]
        },
      ],
      ['RSV1 on a ping', async () => await Promise.resolve([{ opcode: OP.ping, rsv: RSV1, payload: 'x' }])],
      [
        'RSV1 on a close',
        async () => await Promise.resolve([{ opcode: OP.close, rsv: RSV1, payload: Buffer.from([3, 232]) }]),
      ],
      ['RSV1 and RSV2', async () => [compressed(await new Deflater().compress('x'), { rsv: RSV1 | RSV2 })]],
    ])('%s is a protocol error', async (_name, make) => {
      const session = await plain(role)
      session.peer.send(...(await make(role)))
      await expectFailure(session, 1002, 'PROTOCOL_ERROR')
    })

    test.each([
      ['a reserved block type', 'ffffffff'],
      ['a reference before the start', '0202'],
      ['stored block with a wrong complement', '0005000000'],
    ])('data that does not inflate: %s', async (_name, hex) => {
      const session = await plain(role)
      session.peer.send(compressed(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(40, 0xff)])))
      await expectFailure(session, 1007, 'INFLATE_FAILED')
      expect(session.messages).toEqual([])
    })

    test('text that inflates to no UTF-8', async () => {
      const session = await plain(role)
      session.peer.send(compressed(await new Deflater().compress(Buffer.from([0x61, 0xff, 0x62]))))
      await expectFailure(session, 1007, 'INVALID_UTF8')
    })

    test('a bomb is stopped at maxPayload', async () => {
      const session = await plain(role, { maxPayload: 100_000 })
      const bomb = await new Deflater().compress(Buffer.alloc(30_000_000))
      expect(bomb.length).toBeLessThan(100_000)
      session.peer.send(compressed(bomb, { opcode: OP.binary }))
      await expectFailure(session, 1009, 'MESSAGE_TOO_BIG')
      expect(session.messages).toEqual([])
    })

    test('a bomb in fragments is stopped at maxPayload', async () => {
      const session = await plain(role, { maxPayload: 100_000 })
      const bomb = await new Deflater().compress(Buffer.alloc(30_000_000))
      session.peer.send(compressed(bomb.subarray(0, 200), { opcode: OP.binary, fin: false }), {
        opcode: OP.continuation,
        payload: bomb.subarray(200),
      })
      await expectFailure(session, 1009, 'MESSAGE_TOO_BIG')
    })
  })
})
