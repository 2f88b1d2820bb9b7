// Size limits (RFC 6455, section 10.4; close code 1009), in both roles.
import { expectFailure } from '../support/expectations'
import { OP, type FrameSpec } from '../support/frames'
import type { Role } from '../support/raw-peer'
import { useScope } from '../support/scope'

const scope = useScope()

describe.each<Role>(['server', 'client'])('maxPayload, subject is the %s', (role) => {
  test.each([1, 125, 126, 1000, 65535, 65536, 100_000])(
    'a message of exactly %d bytes passes, one more does not',
    async (limit) => {
      const session = await scope.session(role, { maxPayload: limit })
      session.peer.send(
        { opcode: OP.binary, payload: Buffer.alloc(limit, 1) },
        { opcode: OP.binary, payload: Buffer.alloc(limit + 1, 1) },
      )
      await expectFailure(session, 1009, 'MESSAGE_TOO_BIG')
      expect(session.messages).toHaveLength(1)
      expect(session.messages[0].data).toHaveLength(limit)
    },
  )

  test('the declared length alone is enough to refuse', async () => {
    const session = await scope.session(role, { maxPayload: 1000 })
    session.peer.send({ opcode: OP.text, declaredLength: 1001n, lengthBits: 16 })
    await expectFailure(session, 1009, 'MESSAGE_TOO_BIG')
  })

  test('fragments are counted together, before their payload comes', async () => {
    const session = await scope.session(role, { maxPayload: 1000 })
    session.peer.send(
      { opcode: OP.text, fin: false, payload: 'a'.repeat(600) },
      { opcode: OP.continuation, fin: false, declaredLength: 401n, lengthBits: 16 },
    )
    await expectFailure(session, 1009, 'MESSAGE_TOO_BIG')
    expect(session.messages).toEqual([])
  })

  test('fragments that make the limit exactly pass, and the count starts again', async () => {
    const { peer, received } = await scope.session(role, { maxPayload: 1000 })
    const message: FrameSpec[] = [
      { opcode: OP.text, fin: false, payload: 'a'.repeat(600) },
      { opcode: OP.continuation, fin: false },
      { opcode: OP.continuation, payload: 'b'.repeat(400) },
    ]
    peer.send(...message, ...message, { opcode: OP.text, payload: 'c'.repeat(1000) })
    expect((await received(3)).map((m) => (m.data as string).length)).toEqual([1000, 1000, 1000])
  })

  test('control frames do not count', async () => {
    const { peer, received } = await scope.session(role, { maxPayload: 10 })
    peer.send(
      { opcode: OP.text, fin: false, payload: '12345' },
      { opcode: OP.ping, payload: Buffer.alloc(125) },
      { opcode: OP.continuation, payload: '67890' },
    )
    expect((await received(1))[0].data).toBe('1234567890')
    expect((await peer.expectFrame(OP.pong)).payload).toHaveLength(125)
  })

  test('the default limit refuses 16 MiB and one byte', async () => {
    const session = await scope.session(role)
    session.peer.send({ opcode: OP.binary, declaredLength: 16n * 1024n * 1024n + 1n, lengthBits: 64 })
    await expectFailure(session, 1009, 'MESSAGE_TOO_BIG')
  })
})
