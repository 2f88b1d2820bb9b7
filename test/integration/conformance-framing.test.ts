// RFC 6455, sections 5.1 to 5.7: framing, told to a server and to a client by a raw peer.
import { closePayload, OP, RSV1, RSV2, RSV3, type FrameSpec } from '../support/frames'
import type { Role } from '../support/raw-peer'
import { Random } from '../support/random'
import { useScope } from '../support/scope'
import { expectFailure } from '../support/expectations'

const random = new Random()
const scope = useScope()
const peerMasks = (role: Role): boolean => role === 'server'

describe.each<Role>(['server', 'client'])('framing, subject is the %s', (role) => {
  const sizes = [0, 1, 125, 126, 127, 128, 65535, 65536]

  test.each(sizes)('a binary message of %d bytes arrives whole', async (size) => {
    const { peer, received } = await scope.session(role)
    const payload = random.bytes(size)
    peer.send({ opcode: OP.binary, payload })
    const [message] = await received(1)
    expect(message.isBinary).toBe(true)
    expect(Buffer.isBuffer(message.data)).toBe(true)
    expect(payload.equals(message.data as Buffer)).toBe(true)
  })

  test.each(sizes)('a text message of %d bytes arrives as a string', async (size) => {
    const { peer, received } = await scope.session(role)
    const payload = random.text(size)
    peer.text(payload)
    expect(await received(1)).toEqual([{ data: payload, isBinary: false }])
  })

  test.each(sizes)(
    '%d bytes sent by the subject use the shortest length form and the right masking',
    async (size) => {
      const { peer, socket } = await scope.session(role)
      const payload = random.bytes(size)
      socket.send(payload)
      const frame = await peer.expectFrame(OP.binary)
      expect({ fin: frame.fin, rsv: frame.rsv, masked: frame.masked }).toEqual({
        fin: true,
        rsv: 0,
        masked: role === 'client',
      })
      expect(frame.payload.equals(payload)).toBe(true)
      const header = 2 + (size < 126 ? 0 : size < 65536 ? 2 : 8) + (role === 'client' ? 4 : 0)
      expect(peer.received).toBe(header + size)
    },
  )

  test.each([
    [0, 1],
    [125, 1],
    [126, 1],
    [128, 1],
    [65535, 997],
    [65536, 1021],
  ])('a message of %d bytes written %d bytes at a time', async (size, step) => {
    const { peer, received } = await scope.session(role)
    const payload = random.text(size)
    await peer.writeChopped(peer.encode({ opcode: OP.text, payload }), step)
    expect(await received(1)).toEqual([{ data: payload, isBinary: false }])
  })

  test('many frames in one write keep their order', async () => {
    const { peer, received } = await scope.session(role)
    const specs: FrameSpec[] = Array.from({ length: 2000 }, (_, i) => ({ opcode: OP.text, payload: `n${i}` }))
    peer.send(...specs)
    expect((await received(2000)).map((m) => m.data)).toEqual(specs.map((s) => s.payload))
  })

  test('frames cut at random places keep their order and content', async () => {
    const { peer, received } = await scope.session(role)
    const texts = Array.from({ length: 60 }, () => random.text(random.below(700)))
    const bytes = Buffer.concat(texts.map((payload) => peer.encode({ opcode: OP.text, payload })))
    for (let at = 0; at < bytes.length;) {
      const step = 1 + random.below(600)
      await peer.flush(bytes.subarray(at, at + step))
      at += step
    }
    expect((await received(texts.length)).map((m) => m.data)).toEqual(texts)
  })

  test.each([
    ['RSV1', RSV1],
    ['RSV2', RSV2],
    ['RSV3', RSV3],
    ['all three', RSV1 | RSV2 | RSV3],
  ])('a reserved bit without an extension fails the connection: %s', async (_name, rsv) => {
    for (const opcode of [OP.text, OP.binary, OP.ping, OP.pong, OP.close]) {
      const session = await scope.session(role)
      session.peer.send({ opcode, rsv, payload: opcode === OP.close ? closePayload(1000) : 'x' })
      await expectFailure(session, 1002, 'PROTOCOL_ERROR')
      expect(session.messages).toEqual([])
    }
  })

  test.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])(
    'reserved opcode %d fails the connection',
    async (opcode) => {
      const session = await scope.session(role)
      session.peer.send({ opcode, payload: 'x' })
      await expectFailure(session, 1002, 'PROTOCOL_ERROR')
    },
  )

  test.each([3, 11])(
    'reserved opcode %d without payload fails after the message before it was delivered',
    async (opcode) => {
      const session = await scope.session(role)
      session.peer.send(
        { opcode: OP.text, payload: 'first' },
        { opcode },
        { opcode: OP.text, payload: 'never' },
      )
      await expectFailure(session, 1002, 'PROTOCOL_ERROR')
      expect(session.messages.map((m) => m.data)).toEqual(['first'])
    },
  )

  test.each([0, 5, 70000])('wrong masking of a frame of %d bytes fails the connection', async (size) => {
    const session = await scope.session(role)
    session.peer.send({ opcode: OP.binary, payload: Buffer.alloc(size), mask: !peerMasks(role) })
    await expectFailure(session, 1002, 'PROTOCOL_ERROR')
    expect(session.messages).toEqual([])
  })

  test('wrong masking of a control frame fails the connection', async () => {
    const session = await scope.session(role)
    session.peer.send({ opcode: OP.ping, payload: 'p', mask: !peerMasks(role) })
    await expectFailure(session, 1002, 'PROTOCOL_ERROR')
  })

  // RFC 6455 says senders MUST use the minimal form and does not oblige receivers to care; both outcomes are within it.
  test.each<[number, 16 | 64]>([
    [5, 16],
    [5, 64],
    [300, 64],
  ])(
    'a length of %d in a field of %d bits is delivered or refused, never misread',
    async (size, lengthBits) => {
      const session = await scope.session(role)
      const payload = 'y'.repeat(size)
      session.peer.send(
        { opcode: OP.text, payload, lengthBits },
        { opcode: OP.close, payload: closePayload(1000) },
      )
      const close = await session.peer.closeFrame()
      session.peer.end()
      // The answer to a close needs no JavaScript; what was delivered before it is seen at the close event.
      await session.closed
      if (close?.code === 1002) expect(session.messages).toEqual([])
      else expect(session.messages).toEqual([{ data: payload, isBinary: false }])
    },
  )

  test.each([
    ['top bit set', 0x8000000000000000n],
    ['all bits set', 0xffffffffffffffffn],
    ['2^53', 0x20000000000000n],
    ['just above the default limit', 1n << 40n],
  ])('a 64-bit length with %s is refused before any payload comes', async (_name, declaredLength) => {
    const session = await scope.session(role)
    session.peer.send({ opcode: OP.binary, lengthBits: 64, declaredLength })
    const close = await session.peer.closeFrame()
    session.peer.end()
    expect(declaredLength >= 1n << 63n ? [1002, 1009] : [1009]).toContain(close?.code)
    await session.closed
    expect(session.errors).toHaveLength(1)
  })

  test.each([
    ['ping', OP.ping],
    ['pong', OP.pong],
    ['close', OP.close],
  ])('a %s frame above 125 bytes fails the connection', async (_name, opcode) => {
    const session = await scope.session(role)
    session.peer.send({ opcode, payload: Buffer.alloc(126, 0x41) })
    await expectFailure(session, 1002, 'PROTOCOL_ERROR')
  })

  test.each([
    ['ping', OP.ping],
    ['pong', OP.pong],
    ['close', OP.close],
  ])('a fragmented %s frame fails the connection', async (_name, opcode) => {
    const session = await scope.session(role)
    session.peer.send(
      { opcode, fin: false, payload: closePayload(1000) },
      { opcode: OP.continuation, payload: 'b' },
    )
    await expectFailure(session, 1002, 'PROTOCOL_ERROR')
  })

  test('a header cut off by the end of the stream is an abnormal close', async () => {
    for (const cut of [1, 2, 3, 7]) {
      const session = await scope.session(role)
      const bytes = session.peer.encode({ opcode: OP.binary, payload: Buffer.alloc(300) })
      await session.peer.flush(bytes.subarray(0, cut))
      session.peer.end()
      expect((await session.closed).code).toBe(1006)
      expect(session.messages).toEqual([])
    }
  })
})

test('a masking key of zeros is a key like any other', async () => {
  const { peer, received } = await scope.session('server')
  peer.send({ opcode: OP.text, payload: 'plain to see', mask: Buffer.alloc(4) })
  expect((await received(1))[0].data).toBe('plain to see')
})
