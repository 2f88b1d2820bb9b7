// Backpressure in both directions: what send says, drain, the bound, bufferedAmount, and that nothing accepted is lost.
import { OP } from '../support/frames'
import { plenty } from '../support/kernel'
import { useScope, type Session } from '../support/scope'
import { callback, counter, event, thrown, turns } from '../support/waiters'
import type { Role } from '../support/raw-peer'

const scope = useScope()
const KiB = 1024

describe.each<Role>(['server', 'client'])('sending, subject is the %s', (role) => {
  test('send is true below the mark and false above it, drain follows', async () => {
    const { peer, socket } = await scope.narrowSession(role, { highWaterMark: 64 * KiB })
    peer.pause()
    const drains = counter(socket, 'drain')
    expect(socket.send('small')).toBe(true)
    expect(socket.send(Buffer.alloc(plenty))).toBe(false)
    expect(socket.bufferedAmount).toBeGreaterThan(0)
    expect(drains.calls).toHaveLength(0)
    const drain = event(socket, 'drain')
    peer.resume()
    await drain
    expect(socket.bufferedAmount).toBeLessThanOrEqual(64 * KiB)
    expect(socket.send('small again')).toBe(true)
  })

  test('drain comes once for many sends above the mark, and again for the next time', async () => {
    const { peer, socket } = await scope.narrowSession(role, { highWaterMark: 64 * KiB })
    const drains = counter(socket, 'drain')
    for (let round = 1; round <= 3; round++) {
      peer.pause()
      expect(socket.send(Buffer.alloc(plenty))).toBe(false)
      for (let i = 0; i < 10; i++) expect(socket.send(Buffer.alloc(KiB))).toBe(false)
      const drain = event(socket, 'drain')
      peer.resume()
      await drain
      await turns()
      expect(drains.calls).toHaveLength(round)
    }
  })

  test('without anything above the mark no drain comes', async () => {
    const { peer, socket } = await scope.session(role)
    const drains = counter(socket, 'drain')
    expect(await callback((cb) => socket.send('x', cb))).toBeUndefined()
    await peer.expectFrame(OP.text)
    await turns()
    expect(drains.calls).toHaveLength(0)
  })

  test('beyond maxBackpressure: the callback gets the error, without one it is thrown, and the rest arrives', async () => {
    const maxBackpressure = 2 * plenty
    const { peer, socket } = await scope.narrowSession(role, { highWaterMark: 64 * KiB, maxBackpressure })
    peer.pause()
    let accepted = 0
    let error: (Error & { code?: string }) | undefined
    while (!error) {
      const payload = Buffer.alloc(256 * KiB)
      payload.writeUInt32LE(accepted)
      error = thrown(() => socket.send(payload))
      if (!error) accepted++
    }
    expect(error.code).toBe('BACKPRESSURE_EXCEEDED')
    expect(socket.bufferedAmount).toBeLessThanOrEqual(maxBackpressure)
    // The kernel may take some more meanwhile, but not as much as would make room for this.
    const told = callback((cb) => expect(socket.send(Buffer.alloc(plenty), cb)).toBe(false))
    expect(await told).toMatchObject({ code: 'BACKPRESSURE_EXCEEDED' })
    expect(socket.readyState).toBe(1)
    peer.resume()
    for (let i = 0; i < accepted; i++)
      expect((await peer.expectFrame(OP.binary)).payload.readUInt32LE()).toBe(i)
    expect(await callback((cb) => socket.send('goes on', cb))).toBeUndefined()
    expect((await peer.expectFrame(OP.text)).payload.toString()).toBe('goes on')
  })

  test('a message larger than maxBackpressure is never accepted', async () => {
    const { peer, socket } = await scope.session(role, { highWaterMark: KiB, maxBackpressure: 64 * KiB })
    expect(thrown(() => socket.send(Buffer.alloc(65 * KiB)))?.code).toBe('BACKPRESSURE_EXCEEDED')
    expect(thrown(() => socket.send('é'.repeat(33 * KiB)))?.code).toBe('BACKPRESSURE_EXCEEDED')
    expect(socket.bufferedAmount).toBe(0)
    socket.send('fits')
    expect((await peer.expectFrame(OP.text)).payload.toString()).toBe('fits')
  })

  test('bufferedAmount is exact: it grows by the payload at once and falls to 0', async () => {
    const { peer, socket } = await scope.session(role)
    // What a handler sends is shown to the I/O thread when the handlers are done: only `send` moves the amount.
    const seen = new Promise<number[]>((resolve) => {
      socket.once('message', () => {
        const amounts = [socket.bufferedAmount]
        for (const data of ['é'.repeat(10), Buffer.alloc(1000), '', Buffer.alloc(500_000)]) {
          socket.send(data)
          amounts.push(socket.bufferedAmount)
        }
        resolve(amounts)
      })
    })
    peer.text('now')
    expect(await seen).toEqual([0, 20, 1020, 1020, 501_020])
    expect(await callback((cb) => socket.send('last', cb))).toBeUndefined()
    expect(socket.bufferedAmount).toBe(0)
  })

  test('bufferedAmount of a backlog: what the kernel has not taken, down to 0', async () => {
    const { peer, socket } = await scope.narrowSession(role, { maxBackpressure: 2 * plenty })
    peer.pause()
    const first = callback((cb) => socket.send(Buffer.alloc(plenty), cb)).then(() => socket.bufferedAmount)
    const last = callback((cb) => socket.send(Buffer.alloc(1000), cb))
    await turns()
    let amount = socket.bufferedAmount
    expect(amount).toBeGreaterThan(1000)
    expect(amount).toBeLessThanOrEqual(plenty + 1000)
    peer.resume()
    const amounts: number[] = []
    for (; amount > 0; amount = socket.bufferedAmount) {
      amounts.push(amount)
      await turns(1)
    }
    expect(amounts).toEqual(amounts.toSorted((a, b) => b - a))
    expect(await last).toBeUndefined()
    // While part of a write is under way, its share of the frames' headers is not told apart from the payload.
    expect(await first).toBeLessThanOrEqual(1000 + 64)
    expect(socket.bufferedAmount).toBe(0)
  })

  test('callbacks come in order, once each, when the kernel has the message', async () => {
    const { peer, socket } = await scope.session(role)
    const order: number[] = []
    for (let i = 0; i < 50; i++) socket.send(`m${i}`, () => order.push(i))
    expect(order).toEqual([])
    await callback((cb) => socket.send('last', cb))
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i))
    for (let i = 0; i < 50; i++) await peer.expectFrame(OP.text)
  })

  test('callbacks of messages that never went out get an error', async () => {
    const { peer, socket } = await scope.narrowSession(role, { maxBackpressure: 2 * plenty })
    peer.pause()
    const waiting = callback((cb) => socket.send(Buffer.alloc(plenty), cb))
    peer.destroy()
    expect(await waiting).toMatchObject({ code: 'CONNECTION_CLOSED' })
  })

  test('after close() send returns false and the callback gets an error', async () => {
    const session = await scope.session(role)
    session.socket.close(1000)
    expect(session.socket.send('late')).toBe(false)
    expect(await callback((cb) => expect(session.socket.send('late', cb)).toBe(false))).toMatchObject({
      code: 'CONNECTION_CLOSED',
    })
    const close = await session.peer.closeFrame()
    expect(close!.before).toEqual([])
    session.peer.close(1000).end()
    await session.closed
    expect(session.socket.send('later')).toBe(false)
    expect(await callback((cb) => session.socket.send('later', {}, cb))).toMatchObject({
      code: 'CONNECTION_CLOSED',
    })
  })

  test.each(['close', 'terminate'] as const)('%s() fits although everything is full', async (end) => {
    const { peer, socket, closed } = await scope.narrowSession(role, {
      highWaterMark: 64 * KiB,
      maxBackpressure: 128 * KiB,
    })
    peer.pause()
    while (!thrown(() => socket.send(Buffer.alloc(32 * KiB))));
    socket[end](4000)
    peer.resume()
    expect((await peer.closeFrame())?.code).toBe(end === 'close' ? 4000 : undefined)
    peer.close(4000).end()
    expect((await closed).code).toBe(end === 'close' ? 4000 : 1006)
  })

  test('100,000 messages in one burst all arrive in order', async () => {
    const { peer, socket } = await scope.session(role, { maxBackpressure: 256 << 20 })
    for (let i = 0; i < 100_000; i++) socket.send(String(i))
    for (let i = 0; i < 100_000; i++) {
      const frame = await peer.expectFrame(OP.text)
      if (frame.payload.toString() !== String(i))
        throw new Error(`${frame.payload.toString()} instead of ${i}`)
    }
  })
})

describe.each<Role>(['server', 'client'])('receiving, subject is the %s', (role) => {
  test('a paused socket stops the peer, and holds everything for later', async () => {
    const { peer, socket, messages, received } = await scope.narrowSession(role)
    // Another connection of the same I/O thread, whose round trips tell that the thread has seen to all others.
    const other = await scope.session('server')
    socket.pause()
    expect(socket.isPaused).toBe(true)
    const payload = Buffer.alloc(64 * KiB)
    const count = Math.ceil((4 * plenty) / payload.length)
    for (let i = 0; i < count; i++) {
      payload.writeUInt32LE(i)
      peer.send({ opcode: OP.binary, payload })
    }
    for (let before = -1; peer.socket.writableLength !== before;) {
      before = peer.socket.writableLength
      await roundTrip(other)
      await roundTrip(other)
    }
    expect(peer.socket.writableLength).toBeGreaterThan(plenty)
    expect(messages).toHaveLength(0)
    socket.resume()
    const all = await received(count)
    expect(all.map((m) => (m.data as Buffer).readUInt32LE())).toEqual(
      Array.from({ length: count }, (_, i) => i),
    )
  })

  test('pause() within a handler holds the very next message', async () => {
    const { peer, socket } = await scope.session(role)
    const seen: unknown[] = []
    const third = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        seen.push(data)
        socket.pause()
        if (seen.length === 3) resolve()
        else {
          const before = seen.length
          setImmediate(() => {
            expect(seen).toHaveLength(before)
            socket.resume()
          })
        }
      })
    })
    peer.send(...['a', 'b', 'c', 'd'].map((payload) => ({ opcode: OP.text, payload })))
    await third
    await turns()
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('the close of a paused socket waits behind its messages', async () => {
    const { peer, socket, messages, closed } = await scope.session(role)
    socket.pause()
    peer.text('one').text('two').close(4000)
    await turns(10)
    expect(messages).toHaveLength(0)
    socket.resume()
    if ((await peer.closeFrame())?.code === 4000) peer.end()
    expect((await closed).code).toBe(4000)
    expect(messages.map((m) => m.data)).toEqual(['one', 'two'])
  })
})

/** A ping to the subject and its answer: a whole turn of the I/O thread lies between. */
async function roundTrip({ peer }: Session): Promise<void> {
  peer.send({ opcode: OP.ping })
  await peer.expectFrame(OP.pong)
}

test('a slow reader does not make our memory grow beyond the bound', async () => {
  const { peer, socket } = await scope.narrowSession('server', {
    highWaterMark: 256 * KiB,
    maxBackpressure: 2 << 20,
  })
  peer.pause()
  let refused = 0
  for (let sent = 0; sent < plenty + (4 << 20); sent += 8 * KiB)
    if (thrown(() => socket.send(Buffer.alloc(8 * KiB)))) refused++
  expect(refused).toBeGreaterThan(0)
  expect(socket.bufferedAmount).toBeLessThanOrEqual(2 << 20)
})
