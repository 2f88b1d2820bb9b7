// The pipe of bytes between a stream of Node's and the reactor: window, chunks, acknowledgements, every end.
import { Duplex } from 'node:stream'
import { Out } from '../../lib/native/records'
import { JsPipe } from '../../lib/server/js-pipe'
import { Channel } from '../../lib/native/channel'
import { FakeRuntime, turn } from './support/fake-native'
import type { Sent } from './support/fake-reactor'

/** A stream whose writes finish when told to. */
class Wire extends Duplex {
  readonly taken: Buffer[] = []
  private done: (() => void)[] = []
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.taken.push(chunk)
    this.done.push(callback)
  }
  drainOne(): void {
    this.done.shift()?.()
  }
}

function rig(): { wire: Wire; pipe: JsPipe; take: () => Sent[] } {
  const runtime = new FakeRuntime(() => channel.drain())
  const channel = new Channel(0, runtime, 4096, 1 << 20, 16, 1 << 20, setImmediate, () => {})
  const wire = new Wire()
  const pipe = new JsPipe(channel, 3, wire)
  pipe.start()
  return { wire, pipe, take: () => runtime.reactor.take() }
}

test('bytes go over in chunks; the stream pauses at the window and goes on at half of it', async () => {
  const { wire, pipe, take } = rig()
  wire.push(Buffer.alloc(150 * 1024, 1))
  await turn()
  expect(take().map((record) => [record.kind, record.connection, record.data.length])).toEqual([
    [Out.pipe_data, 3, 65536],
    [Out.pipe_data, 3, 65536],
    [Out.pipe_data, 3, 150 * 1024 - 2 * 65536],
  ])
  wire.push(Buffer.alloc(120 * 1024, 2))
  await turn()
  expect(wire.isPaused()).toBe(true)
  wire.push(Buffer.alloc(10))
  take()
  pipe.acknowledge(100 * 1024)
  expect(wire.isPaused()).toBe(true)
  pipe.acknowledge(100 * 1024)
  expect(wire.isPaused()).toBe(false)
  await turn()
  expect(take().map((record) => record.data.length)).toEqual([10])
})

test('what the stream took is acknowledged, in order', async () => {
  const { wire, pipe, take } = rig()
  pipe.write(Buffer.from('one'))
  pipe.write(Buffer.from('three'))
  expect(take()).toEqual([])
  wire.drainOne()
  await turn()
  expect(take()).toMatchObject([{ kind: Out.pipe_ack, aux: 3 }])
  wire.drainOne()
  await turn()
  expect(take()).toMatchObject([{ kind: Out.pipe_ack, aux: 5 }])
  expect(wire.taken.map(String)).toEqual(['one', 'three'])
})

test('an end and a break of the stream are told once', async () => {
  const ended = rig()
  ended.wire.push(null)
  await turn()
  expect(ended.take()).toMatchObject([{ kind: Out.pipe_end, aux: 0 }])
  ended.wire.destroy()
  await turn()
  expect(ended.take()).toEqual([])
  const broken = rig()
  broken.wire.destroy(new Error('reset'))
  await turn()
  expect(broken.take()).toMatchObject([{ kind: Out.pipe_end, aux: 1 }])
})

test('an end of the connection: after what was written, or at once', async () => {
  const gentle = rig()
  gentle.pipe.write(Buffer.from('last'))
  gentle.pipe.end(false)
  gentle.pipe.detach()
  gentle.wire.drainOne()
  await turn(2)
  expect(gentle.wire.destroyed).toBe(true)
  expect(gentle.wire.writableFinished).toBe(true)
  // The slot may be another's by now.
  expect(gentle.take()).toEqual([])
  const rough = rig()
  rough.pipe.end(true)
  expect(rough.wire.destroyed).toBe(true)
  const without = rig()
  without.pipe.detach()
  expect(without.wire.destroyed).toBe(true)
  await turn()
  expect(without.take()).toEqual([])
})

test('a stream that is destroyed already', () => {
  const runtime = new FakeRuntime(() => {})
  const channel = new Channel(0, runtime, 4096, 4096, 16, 1 << 20, setImmediate, () => {})
  const wire = new Wire()
  wire.destroy()
  new JsPipe(channel, 1, wire).start()
  expect(runtime.reactor.take()).toMatchObject([{ kind: Out.pipe_end, aux: 1 }])
})
