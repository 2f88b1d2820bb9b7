// RFC 6455, section 8.1: text must be UTF-8, and a violation is found as soon as it can be.
import { expectFailure } from '../support/expectations'
import { OP, type FrameSpec } from '../support/frames'
import type { Role } from '../support/raw-peer'
import { Random } from '../support/random'
import { useScope } from '../support/scope'
import { invalidUtf8, truncatedUtf8, validUtf8 } from '../support/utf8-cases'

const random = new Random()
const scope = useScope()

// Lengths put in front move the sequence over the widths that vectorised validators work in.
const prefixes = [0, 1, 13, 31, 63, 130]

describe.each<Role>(['server', 'client'])('UTF-8, subject is the %s', (role) => {
  test.each(validUtf8)('valid: %s', async (_name, bytes) => {
    const { peer, received } = await scope.session(role)
    const payloads = prefixes.map((size) =>
      Buffer.concat([Buffer.alloc(size, 0x61), bytes, Buffer.alloc(size, 0x62)]),
    )
    peer.send(...payloads.map((payload): FrameSpec => ({ opcode: OP.text, payload })))
    // Buffer's decoder keeps a byte order mark, as a message must.
    expect((await received(payloads.length)).map((m) => m.data)).toEqual(
      payloads.map((p) => p.toString('utf8')),
    )
  })

  test.each(validUtf8)('valid, a frame for every byte: %s', async (_name, bytes) => {
    const { peer, received } = await scope.session(role)
    peer.send(
      ...Array.from(bytes, (_byte, i): FrameSpec => ({
        opcode: i === 0 ? OP.text : OP.continuation,
        fin: i === bytes.length - 1,
        payload: bytes.subarray(i, i + 1),
      })),
    )
    expect((await received(1))[0].data).toBe(bytes.toString('utf8'))
  })

  test.each(validUtf8)('valid, a write for every byte: %s', async (_name, bytes) => {
    const { peer, received } = await scope.session(role)
    await peer.writeChopped(peer.encode({ opcode: OP.text, payload: bytes }), 1)
    expect((await received(1))[0].data).toBe(bytes.toString('utf8'))
  })

  describe.each(invalidUtf8)('invalid: %s', (_name, bytes) => {
    test('in one frame, behind and before other text', async () => {
      for (const size of [0, 13, 63, 130]) {
        const session = await scope.session(role)
        session.peer.send({
          opcode: OP.text,
          payload: Buffer.concat([Buffer.alloc(size, 0x61), bytes, Buffer.alloc(size, 0x62)]),
        })
        await expectFailure(session, 1007, 'INVALID_UTF8')
        expect(session.messages).toEqual([])
      }
    })

    test('is found when a later frame completes the violation', async () => {
      const session = await scope.session(role)
      session.peer.send(
        { opcode: OP.text, fin: false, payload: bytes.subarray(0, 1) },
        { opcode: OP.continuation, payload: Buffer.concat([bytes.subarray(1), Buffer.from('abcd')]) },
      )
      await expectFailure(session, 1007, 'INVALID_UTF8')
    })

    test('is left alone in a binary message', async () => {
      const { peer, received } = await scope.session(role)
      peer.send({ opcode: OP.binary, payload: bytes })
      expect(await received(1)).toEqual([{ data: bytes, isBinary: true }])
    })
  })

  test.each(truncatedUtf8)('a message may not end within a code point: %s', async (_name, bytes) => {
    for (const size of [0, 31, 126]) {
      const session = await scope.session(role)
      session.peer.send({ opcode: OP.text, payload: Buffer.concat([Buffer.alloc(size, 0x61), bytes]) })
      await expectFailure(session, 1007, 'INVALID_UTF8')
    }
  })

  test('a code point split at a frame boundary, then an empty frame, then its rest', async () => {
    const { peer, received } = await scope.session(role)
    const ship = Buffer.from('🚢')
    peer.send(
      { opcode: OP.text, fin: false, payload: ship.subarray(0, 3) },
      { opcode: OP.continuation, fin: false },
      { opcode: OP.ping, payload: Buffer.from([0xff]) },
      { opcode: OP.continuation, payload: ship.subarray(3) },
    )
    expect((await received(1))[0].data).toBe('🚢')
  })

  test('a message cut at random places in frames and in writes', async () => {
    const { peer, received } = await scope.session(role)
    const text = random.text(5000)
    const bytes = Buffer.from(text)
    const frames: FrameSpec[] = []
    for (let at = 0; at < bytes.length;) {
      const size = random.below(40)
      frames.push({
        opcode: at === 0 && frames.length === 0 ? OP.text : OP.continuation,
        fin: false,
        payload: bytes.subarray(at, at + size),
      })
      at += size
    }
    frames.push({ opcode: OP.continuation })
    const stream = Buffer.concat(frames.map((spec) => peer.encode(spec)))
    await peer.writeChopped(stream, 37)
    expect((await received(1))[0].data).toBe(text)
  })
})

// The violation comes at the front of a message whose rest never comes.
describe.each<Role>(['server', 'client'])('UTF-8 fails fast, subject is the %s', (role) => {
  test.each(invalidUtf8)('within an unfinished frame: %s', async (_name, bytes, decidedAt) => {
    const session = await scope.session(role)
    const whole = session.peer.encode({
      opcode: OP.text,
      payload: Buffer.concat([bytes, Buffer.alloc(1000, 0x61)]),
    })
    const header = whole.length - bytes.length - 1000
    await session.peer.writeChopped(whole.subarray(0, header + decidedAt), 1)
    await expectFailure(session, 1007, 'INVALID_UTF8')
  })

  test.each(invalidUtf8)(
    'within an unfinished message, split between frames: %s',
    async (_name, bytes, decidedAt) => {
      const session = await scope.session(role)
      session.peer.send(
        { opcode: OP.text, fin: false, payload: bytes.subarray(0, 1) },
        { opcode: OP.continuation, fin: false, payload: bytes.subarray(1, decidedAt) },
      )
      await expectFailure(session, 1007, 'INVALID_UTF8')
    },
  )

  test('within an unfinished message of several frames', async () => {
    const session = await scope.session(role)
    session.peer.send(
      { opcode: OP.text, fin: false, payload: 'good' },
      { opcode: OP.continuation, fin: false, payload: Buffer.from([0xff]) },
    )
    await expectFailure(session, 1007, 'INVALID_UTF8')
  })
})
