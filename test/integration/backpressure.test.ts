// Backpressure in both directions: what send says, drain, the bound, bufferedAmount, and that nothing accepted is lost.
import { OP } from '../support/frames'
import { TcpProxy } from '../support/tcp-proxy'
import { useScope } from '../support/scope'
import { callback, counter, event, thrown, turns } from '../support/waiters'
import type { Role } from '../support/raw-peer'

const scope = useScope()
const KiB = 1024

describe.each<Role>(['server', 'client'])('sending, subject is the %s', (role) => {
  test('send is true below the mark and false above it, drain follows', async () => {
    const { peer, socket } = await scope.session(role, { highWaterMark: 64 * KiB })
    peer.pause()
    const drains = counter(socket, 'drain')
    expect(socket.send('small')).toBe(true)
    // More than the kernel takes on both sides together, so that the queue stays above the mark.
    expect(socket.send(Buffer.alloc(16 * KiB * KiB))).toBe(false)
    expect(socket.bufferedAmount).toBeGreaterThan(0)
    expect(drains.calls).toHaveLength(0)
    const drain = event(socket, 'drain')
    peer.resume()
    await drain
    expect(socket.bufferedAmount).toBeLessThanOrEqual(64 * KiB)
    expect(socket.send('small again')).toBe(true)
  })

  test('drain comes once for many sends above the mark, and again for the next time', async () => {
    const { peer, socket } = await scope.session(role, { highWaterMark: 64 * KiB })
    const drains = counter(socket, 'drain')
    for (let round = 1; round <= 3; round++) {
      peer.pause()
      // More than the kernel takes on both sides together, so that the queue stays above the mark.
      expect(socket.send(Buffer.alloc(16 * KiB * KiB))).toBe(false)
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
    const { peer, socket } = await scope.session(role, {
      highWaterMark: 64 * KiB,
      maxBackpressure: 24 * KiB * KiB,
    })
    peer.pause()
    let accepted = 0
    let error: (Error & { code?: string }) | undefined
    while (!error) {
      const payload = Buffer.alloc(KiB * KiB)
      payload.writeUInt32LE(accepted)
      error = thrown(() => socket.send(payload))
      if (!error) accepted++
    }
    expect(error.code).toBe('BACKPRESSURE_EXCEEDED')
    expect(socket.bufferedAmount).toBeLessThanOrEqual(24 * KiB * KiB)
    // The kernel may take some more meanwhile, but not as much as would make room for this.
    const told = callback((cb) => expect(socket.send(Buffer.alloc(20 * KiB * KiB), cb)).toBe(false))
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
    const { peer, socket } = await scope.session(role, { highWaterMark: 32 << 20, maxBackpressure: 64 << 20 })
    peer.pause()
    // More than the kernel's buffers take, so that nothing but `send` moves the amount.
    const sentAll = callback((cb) => socket.send(Buffer.alloc(20 << 20), cb))
    const before = socket.bufferedAmount
    socket.send('é'.repeat(10))
    socket.send(Buffer.alloc(1000))
    socket.send('')
    expect(socket.bufferedAmount - before).toBe(1020)
    peer.resume()
    expect(await sentAll).toBeUndefined()
    await callback((cb) => socket.send('last', cb))
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
    const { peer, socket } = await scope.session(role, { maxBackpressure: 64 << 20 })
    peer.pause()
    const waiting = callback((cb) => socket.send(Buffer.alloc(30 << 20), cb))
    peer.reset()
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

  test('close() and terminate() fit although everything is full', async () => {
    const session = await scope.session(role, { highWaterMark: 64 * KiB, maxBackpressure: 128 * KiB })
    session.peer.pause()
    while (!thrown(() => session.socket.send(Buffer.alloc(32 * KiB))));
    session.socket.close(4000)
    session.peer.resume()
    expect((await session.peer.closeFrame())!.code).toBe(4000)
    session.peer.close(4000).end()
    expect((await session.closed).code).toBe(4000)
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
    const { peer, socket, messages, received } = await scope.session(role)
    socket.pause()
    expect(socket.isPaused).toBe(true)
    // Writes until the kernel takes no more: the subject has stopped reading.
    const payload = Buffer.alloc(64 * KiB)
    let count = 0
    const frame = (): Buffer => {
      payload.writeUInt32LE(count++)
      return peer.encode({ opcode: OP.binary, payload })
    }
    for (let full = false; !full;) {
      full =
        !peer.socket.write(frame()) &&
        (await Promise.race([
          event(peer.socket, 'drain', 60_000).then(
            () => false,
            () => true,
          ),
          stalled(peer.socket as never),
        ]))
    }
    expect(count * 64 * KiB).toBeLessThan(200 << 20)
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

/** True once the bytes that wait in a stream stayed the same over many turns of the loop. */
async function stalled(stream: { writableLength: number; socket?: unknown }): Promise<boolean> {
  let before = -1
  for (let same = 0; same < 200;) {
    await turns(1)
    same = stream.writableLength === before ? same + 1 : 0
    before = stream.writableLength
  }
  return true
}

test('a slow reader does not make our memory grow beyond the bound', async () => {
  const { server, port } = await scope.server({ highWaterMark: 256 * KiB, maxBackpressure: 2 << 20 })
  const proxy = await TcpProxy.listen(port)
  scope.defer(() => proxy.close())
  const connection = event<[import('../support/subject').WebSocket]>(server, 'connection')
  await scope.opened(`ws://127.0.0.1:${proxy.port}/`)
  const [socket] = await connection
  proxy.stall()
  let refused = 0
  for (let i = 0; i < 20_000; i++) if (thrown(() => socket.send(Buffer.alloc(8 * KiB)))) refused++
  expect(refused).toBeGreaterThan(0)
  expect(socket.bufferedAmount).toBeLessThanOrEqual(2 << 20)
})
