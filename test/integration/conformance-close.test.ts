// RFC 6455, sections 5.5.1 and 7: the closing handshake and every way around it.
import { closeCode, closePayload, OP } from '../support/frames'
import { expectFailure } from '../support/expectations'
import type { Role } from '../support/raw-peer'
import { useScope } from '../support/scope'
import { counter, event, turns } from '../support/waiters'

const scope = useScope()

const validCodes = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
]
const invalidCodes = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]

describe.each<Role>(['server', 'client'])('close, subject is the %s', (role) => {
  test.each(validCodes)('the peer closes with %d', async (code) => {
    const session = await scope.session(role)
    session.peer.close(code, 'bye')
    const answer = await session.peer.expectFrame(OP.close)
    expect(closeCode(answer)).toBe(code)
    session.peer.end()
    expect(await session.closed).toEqual({ code, reason: 'bye' })
    expect(session.errors).toEqual([])
    expect(session.socket.readyState).toBe(3)
  })

  test.each(invalidCodes)('the peer closes with the invalid code %d', async (code) => {
    const session = await scope.session(role)
    session.peer.close(code)
    await expectFailure(session, 1002, 'PROTOCOL_ERROR')
  })

  test('a close without payload is answered and reported as 1005', async () => {
    const session = await scope.session(role)
    session.peer.close()
    expect(closeCode(await session.peer.expectFrame(OP.close))).toBe(1005)
    session.peer.end()
    expect(await session.closed).toEqual({ code: 1005, reason: '' })
    expect(session.errors).toEqual([])
  })

  test('a close with a payload of one byte is a protocol error', async () => {
    const session = await scope.session(role)
    session.peer.send({ opcode: OP.close, payload: Buffer.from([3]) })
    await expectFailure(session, 1002, 'PROTOCOL_ERROR')
  })

  test('a reason of 123 bytes arrives whole', async () => {
    const session = await scope.session(role)
    const reason = `${'é'.repeat(60)}abc`
    session.peer.close(1000, reason)
    await session.peer.expectFrame(OP.close)
    session.peer.end()
    expect(await session.closed).toEqual({ code: 1000, reason })
  })

  test.each([
    ['ff', 'ff'],
    ['a surrogate', 'eda080'],
    ['cut short', 'e282'],
  ])('a reason that is no UTF-8 fails the connection: %s', async (_name, bytes) => {
    const session = await scope.session(role)
    session.peer.send({ opcode: OP.close, payload: closePayload(1000, Buffer.from(bytes, 'hex')) })
    await expectFailure(session, 1007, 'INVALID_UTF8')
  })

  test('nothing that follows a close frame is delivered or answered', async () => {
    const session = await scope.session(role)
    session.peer.send(
      { opcode: OP.text, payload: 'before' },
      { opcode: OP.close, payload: closePayload(1000) },
      { opcode: OP.text, payload: 'after' },
      { opcode: OP.ping, payload: 'after' },
    )
    const close = await session.peer.closeFrame()
    expect(close).toEqual({ code: 1000, reason: '', before: [] })
    session.peer.end()
    expect((await session.closed).code).toBe(1000)
    expect(session.messages.map((m) => m.data)).toEqual(['before'])
    expect(await session.peer.nextFrame()).toBeUndefined()
  })

  test('a close frame cut into single bytes', async () => {
    const session = await scope.session(role)
    await session.peer.writeChopped(
      session.peer.encode({ opcode: OP.close, payload: closePayload(4321, 'slow') }),
      1,
    )
    expect(closeCode(await session.peer.expectFrame(OP.close))).toBe(4321)
    session.peer.end()
    expect(await session.closed).toEqual({ code: 4321, reason: 'slow' })
  })

  test.each([
    ['no arguments', [], 1005, ''],
    ['1000', [1000], 1000, ''],
    ['1001 and a reason', [1001, 'leaving'], 1001, 'leaving'],
    ['3000', [3000, 'three'], 3000, 'three'],
    ['4999 and a long reason', [4999, 'é'.repeat(61)], 4999, 'é'.repeat(61)],
  ] as [string, [number?, string?], number, string][])(
    'close() with %s',
    async (_name, args, code, reason) => {
      const session = await scope.session(role)
      session.socket.close(...args)
      expect(session.socket.readyState).toBe(2)
      const frame = await session.peer.expectFrame(OP.close)
      expect([closeCode(frame), frame.payload.subarray(2).toString()]).toEqual([code, reason])
      session.peer.send({ opcode: OP.close, payload: frame.payload })
      session.peer.end()
      expect(await session.closed).toEqual({ code, reason })
      expect(session.errors).toEqual([])
    },
  )

  test('close() reports the code the peer answered with', async () => {
    const session = await scope.session(role)
    session.socket.close(1000, 'mine')
    await session.peer.expectFrame(OP.close)
    session.peer.close(1001, 'theirs')
    session.peer.end()
    expect(await session.closed).toEqual({ code: 1001, reason: 'theirs' })
  })

  test('messages that arrive between close() and the answer are delivered', async () => {
    const session = await scope.session(role)
    session.socket.close(1000)
    await session.peer.expectFrame(OP.close)
    session.peer.send({ opcode: OP.text, payload: 'late' }, { opcode: OP.close, payload: closePayload(1000) })
    session.peer.end()
    expect((await session.closed).code).toBe(1000)
    expect(session.messages.map((m) => m.data)).toEqual(['late'])
  })

  test('both sides close at once', async () => {
    const session = await scope.session(role)
    session.peer.close(4001, 'peer')
    session.socket.close(4002, 'subject')
    const frame = await session.peer.expectFrame(OP.close)
    expect([4001, 4002]).toContain(closeCode(frame))
    session.peer.end()
    expect(await session.closed).toEqual({ code: 4001, reason: 'peer' })
    expect(await session.peer.nextFrame()).toBeUndefined()
  })

  test('close() twice sends one frame and one event', async () => {
    const session = await scope.session(role)
    const closes = counter(session.socket, 'close')
    session.socket.close(4000)
    session.socket.close(4001)
    expect(closeCode(await session.peer.expectFrame(OP.close))).toBe(4000)
    session.peer.close(4000).end()
    await session.closed
    session.socket.close(4002)
    await turns()
    expect(await session.peer.nextFrame()).toBeUndefined()
    expect(closes.calls).toHaveLength(1)
  })

  test('the end of the stream without a close frame is 1006', async () => {
    const session = await scope.session(role)
    session.peer.end()
    expect(await session.closed).toEqual({ code: 1006, reason: '' })
  })

  test('a reset is 1006', async () => {
    const session = await scope.session(role)
    session.peer.reset()
    expect(await session.closed).toEqual({ code: 1006, reason: '' })
  })

  test('messages before the end of the stream are delivered first', async () => {
    const session = await scope.session(role)
    session.peer.send(...Array.from({ length: 500 }, (_, i) => ({ opcode: OP.text, payload: `m${i}` })))
    session.peer.end()
    expect((await session.closed).code).toBe(1006)
    expect(session.messages).toHaveLength(500)
  })

  test('messages before a close frame are delivered before the close event', async () => {
    const session = await scope.session(role)
    let atClose = -1
    session.socket.on('close', () => (atClose = session.messages.length))
    session.peer.send(...Array.from({ length: 500 }, (_, i) => ({ opcode: OP.text, payload: `m${i}` })))
    session.peer.close(1000)
    await session.peer.expectFrame(OP.close)
    session.peer.end()
    await session.closed
    expect(atClose).toBe(500)
  })

  test('messages sent before close() reach the peer before the close frame', async () => {
    const session = await scope.session(role)
    for (let i = 0; i < 300; i++) session.socket.send(`m${i}`)
    session.socket.close(1000)
    const close = await session.peer.closeFrame()
    expect(close?.code).toBe(1000)
    expect(close?.before.map((frame) => frame.payload.toString())).toEqual(
      Array.from({ length: 300 }, (_, i) => `m${i}`),
    )
  })

  test('terminate() ends the stream without a close frame', async () => {
    const session = await scope.session(role)
    session.socket.terminate()
    expect(await session.closed).toEqual({ code: 1006, reason: '' })
    expect(await session.peer.closeFrame()).toBeUndefined()
    expect(session.errors).toEqual([])
  })
})

test('the server ends the TCP connection after the closing handshake (section 7.1.1)', async () => {
  const session = await scope.session('server')
  session.peer.close(1000)
  await session.peer.expectFrame(OP.close)
  expect(await session.peer.nextFrame()).toBeUndefined()
})

test('a peer that answers no close is given up after closeTimeout', async () => {
  const session = await scope.session('client', { closeTimeout: 200 })
  const done = event<[number]>(session.socket, 'close')
  session.socket.close(1000)
  await session.peer.expectFrame(OP.close)
  expect((await done)[0]).toBe(1006)
})
