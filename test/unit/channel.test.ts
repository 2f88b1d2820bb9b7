// lib/native/channel.ts against a double of the reactor: wake-ups, budget, payloads, holds.
import { Hold } from '../../lib/native/endpoint'
import { In, Out, OutFlag, largeThreshold, messageOverhead, noSlot } from '../../lib/native/records'
import { type Probe, rig } from './support/channel-rig'
import type { FakeReactor } from './support/fake-reactor'

/** Fills the inbound ring with messages that stay there until the next turn; how many there are. */
function fill(reactor: FakeReactor, socket: Probe, text: string): number {
  socket._hold = Hold.turn
  let written = 0
  while (reactor.message(socket._slot, text)) written++
  socket._hold = Hold.flowing
  return written
}

describe('wake-ups', () => {
  test('a record wakes a sleeping reactor once', () => {
    const { channel, reactor, probe } = rig()
    const socket = probe(0)
    channel.sendText(socket, 'a', 0)
    channel.sendText(socket, 'b', 0)
    expect(reactor.wakes).toBe(1)
    expect(reactor.take().map((record) => String(record.data))).toEqual(['a', 'b'])
    channel.sendText(socket, 'c', 0)
    expect(reactor.wakes).toBe(2)
  })

  test('a reactor that runs is not woken, but sees the record', () => {
    const { channel, reactor, probe } = rig()
    channel.command(Out.ping, 0)
    reactor.read(0)
    channel.sendText(probe(0), 'seen', 0)
    expect(reactor.wakes).toBe(1)
    expect(reactor.take()).toHaveLength(2)
  })

  test('records ring a sleeping JavaScript once, which sleeps again when all are handed out', () => {
    const { reactor, probe } = rig()
    const socket = probe(3)
    expect(reactor.javascriptSleeps).toBe(true)
    reactor.message(3, 'one')
    reactor.message(3, 'two')
    reactor.publish()
    expect(socket.received).toEqual(['one', 'two'])
    expect(reactor.bells).toBe(1)
    expect(reactor.javascriptSleeps).toBe(true)
    expect(reactor.backlog).toBe(0)
  })

  test('room in the inbound ring wakes a reactor that waits for it', () => {
    const { reactor, probe, turn } = rig({ inbound: 1024 })
    const socket = probe(0)
    const written = fill(reactor, socket, 'x'.repeat(80))
    const { wakes } = reactor
    expect(socket.received).toEqual([])
    turn()
    expect(socket.received).toHaveLength(written)
    expect(reactor.wakes).toBe(wakes + 1)
    expect(reactor.message(0, 'x'.repeat(80))).toBe(true)
  })

  test('room in the outbound ring rings for what waits, in order', () => {
    const { channel, reactor, probe } = rig({ outbound: 512 })
    const socket = probe(0)
    const texts = Array.from({ length: 40 }, (_, i) => `message ${i} ${'.'.repeat(i)}`)
    for (const text of texts) expect(channel.sendText(socket, text, 0)).toBe(text.length)
    expect(channel.congested).toBe(true)
    const seen: string[] = []
    for (let rounds = 0; rounds < 100 && (channel.congested || rounds === 0); rounds++) {
      seen.push(...reactor.take().map((record) => String(record.data)))
    }
    seen.push(...reactor.take().map((record) => String(record.data)))
    expect(seen).toEqual(texts)
    expect(channel.congested).toBe(false)
  })

  test('writes of handlers are published in bulk: one wake for a drain', () => {
    const { channel, reactor, probe } = rig()
    const socket = probe(0)
    socket.onReceive = (data) => channel.sendText(socket, String(data), 0)
    for (let i = 0; i < 20; i++) reactor.message(0, `m${i}`)
    reactor.publish()
    expect(reactor.wakes).toBe(1)
    expect(reactor.take().map((record) => String(record.data))).toEqual(
      Array.from({ length: 20 }, (_, i) => `m${i}`),
    )
  })

  test('so are those of the microtasks that a drain leaves: one wake for all that go on together', async () => {
    const { channel, reactor, probe } = rig()
    const socket = probe(0)
    const done: Promise<void>[] = []
    const wakes: number[] = []
    const later = async (data: string): Promise<void> => {
      await Promise.resolve()
      await Promise.resolve()
      channel.sendText(socket, data, 0)
      wakes.push(reactor.wakes)
    }
    socket.onReceive = (data) => done.push(later(String(data)))
    for (const text of ['one', 'two', 'three']) reactor.message(0, text)
    reactor.publish()
    await Promise.all(done)
    expect(wakes).toEqual([0, 0, 0])
    await new Promise((resolve) => setImmediate(resolve))
    expect(reactor.wakes).toBe(1)
    expect(reactor.take().map((record) => String(record.data))).toEqual(['one', 'two', 'three'])
  })

  test('once the microtasks are quiet a call is shown at once again', async () => {
    const { channel, reactor, probe } = rig()
    reactor.message(0, 'one')
    const socket = probe(0)
    reactor.publish()
    expect(socket.received).toEqual(['one'])
    await new Promise((resolve) => setImmediate(resolve))
    channel.sendText(socket, 'now', 0)
    expect(reactor.wakes).toBe(1)
  })
})

describe('budget', () => {
  test('a flood is handed out over several turns, none is lost, and no bell is armed in between', () => {
    const { reactor, probe, turn } = rig({ inbound: 1 << 20 })
    const socket = probe(0)
    const count = fill(reactor, socket, 'x')
    turn()
    const first = socket.received.length
    expect(first).toBeLessThanOrEqual(16384)
    expect(first).toBeLessThan(count)
    expect(reactor.javascriptSleeps).toBe(false)
    for (let turns = 0; turns < 10_000 && socket.received.length < count; turns++) turn()
    expect(socket.received).toHaveLength(count)
    expect(reactor.bells).toBe(1)
  })

  test('a drain inside a handler does nothing', () => {
    const { channel, reactor, probe } = rig()
    const socket = probe(0)
    const order: string[] = []
    socket.onReceive = (data) => {
      order.push(`+${String(data)}`)
      channel.drain()
      order.push(`-${String(data)}`)
    }
    reactor.message(0, 'a')
    reactor.message(0, 'b')
    reactor.publish()
    expect(order).toEqual(['+a', '-a', '+b', '-b'])
  })
})

describe('payloads', () => {
  test('ASCII, UTF-8 and binary', () => {
    const { reactor, probe } = rig()
    const socket = probe(0)
    const binary = Buffer.from([0, 255, 128, 10])
    reactor.message(0, 'plain')
    reactor.message(0, 'größer ☃ 𝄞')
    reactor.message(0, binary)
    reactor.message(0, '')
    reactor.publish()
    expect(socket.received).toEqual(['plain', 'größer ☃ 𝄞', binary, ''])
    // A copy: the ring is written again.
    for (let i = 0; i < 200; i++) {
      reactor.message(0, Buffer.alloc(64, 7))
      reactor.publish()
    }
    expect(socket.received[2]).toEqual(binary)
  })

  test('large messages are fetched in the form that their flags say', () => {
    const { reactor, probe } = rig()
    const socket = probe(0)
    reactor.message(0, 'a'.repeat(5000), true)
    reactor.message(0, 'ä'.repeat(5000), true)
    reactor.message(0, Buffer.alloc(5000, 3), true)
    reactor.publish()
    expect(socket.received).toEqual(['a'.repeat(5000), 'ä'.repeat(5000), Buffer.alloc(5000, 3)])
    expect(Buffer.isBuffer(socket.received[2])).toBe(true)
  })

  test('texts of every kind are sent as UTF-8', () => {
    const { channel, reactor, probe } = rig({ outbound: 1 << 20 })
    const socket = probe(0)
    const texts = [
      '',
      'short',
      'x'.repeat(48),
      'x'.repeat(49),
      'kürzer',
      'ä'.repeat(100),
      '𝄞',
      'lone \ud800 surrogate',
    ]
    for (const text of texts) expect(channel.sendText(socket, text, 0)).toBe(Buffer.byteLength(text))
    expect(reactor.take().map((record) => record.data)).toEqual(texts.map((text) => Buffer.from(text)))
    const weight = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + messageOverhead, 0)
    expect(channel.pending(socket)).toBe(weight)
    expect(channel.pendingPayload(socket)).toBe(weight - texts.length * messageOverhead)
    reactor.flushed(0, weight, texts.length)
    expect([channel.pending(socket), channel.pendingPayload(socket)]).toEqual([0, 0])
  })

  test('counters wrap', () => {
    const { channel, reactor, probe } = rig()
    const socket = probe(5)
    socket._queued = 0x7ffffff0
    socket._sent = 0x7fffffff
    reactor.flushed(5, 0x7ffffff0, 0x7fffffff)
    channel.sendText(socket, 'x'.repeat(20), 0)
    expect(socket._queued).toBeLessThan(0)
    expect(channel.pending(socket)).toBe(20 + messageOverhead)
    expect(channel.pendingPayload(socket)).toBe(20)
  })

  test('a large send names a staged copy', () => {
    const { channel, reactor, probe } = rig()
    const socket = probe(0)
    const bytes = Buffer.alloc(largeThreshold + 1, 1)
    expect(channel.sendLarge(socket, bytes, bytes.length, OutFlag.binary)).toBe(bytes.length)
    bytes.fill(9)
    const [record] = reactor.take()
    expect(record).toMatchObject({ kind: Out.send, flags: OutFlag.binary | OutFlag.large, connection: 0 })
    expect(record.data.equals(Buffer.alloc(largeThreshold + 1, 1))).toBe(true)
  })

  test('a publish record carries server, topic and data', () => {
    const { channel, reactor } = rig()
    const topic = Buffer.from('tøpic')
    channel.publish(7, topic, 'text ☃', 0, noSlot)
    channel.publish(7, topic, Buffer.from([1, 2]), OutFlag.binary, 12)
    channel.publish(7, topic, Buffer.alloc(largeThreshold + 1), OutFlag.binary, 12)
    const records = reactor.take()
    expect(records.map((record) => [record.kind, record.aux, record.connection >>> 0])).toEqual([
      [Out.publish, (7 << 16) | topic.length, noSlot],
      [Out.publish, (7 << 16) | topic.length, 12],
      [Out.publish, (7 << 16) | topic.length, 12],
    ])
    expect(records[0].data.toString()).toBe('tøpictext ☃')
    expect(records[1].data).toEqual(Buffer.concat([topic, Buffer.from([1, 2])]))
    expect(records[2].data.equals(Buffer.concat([topic, Buffer.alloc(largeThreshold + 1)]))).toBe(true)
  })

  test('random sizes go round both rings whole and in order', () => {
    const { channel, reactor, probe } = rig({ inbound: 1024, outbound: 1024 })
    const socket = probe(0)
    socket.onReceive = (data) => channel.sendBytes(socket, data as Buffer, OutFlag.binary)
    const sent: Buffer[] = []
    const echoed: Buffer[] = []
    let seed = 12345
    for (let i = 0; i < 3000; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      const data = Buffer.alloc((seed >>> 16) % 300, i & 255)
      sent.push(data)
      if (!reactor.message(0, data)) throw new Error('an empty ring has room')
      if (i % 3 === 0) reactor.publish()
      if (i % 7 === 0) echoed.push(...reactor.take().map((record) => record.data))
      if (reactor.backlog > 400) reactor.publish()
    }
    reactor.publish()
    do echoed.push(...reactor.take().map((record) => record.data))
    while (channel.congested)
    echoed.push(...reactor.take().map((record) => record.data))
    expect(socket.received.map((data) => data.length)).toEqual(sent.map((data) => data.length))
    expect(echoed.map((data) => data.length)).toEqual(sent.map((data) => data.length))
    expect(Buffer.concat(socket.received as Buffer[]).equals(Buffer.concat(sent))).toBe(true)
    expect(Buffer.concat(echoed).equals(Buffer.concat(sent))).toBe(true)
  })
})

describe('holds', () => {
  test('the records of a fresh socket wait for the next turn, and all behind them', () => {
    const { channel, reactor, probe, turn } = rig()
    const fresh = probe(0)
    const other = probe(1)
    const opener = probe(2)
    opener.onReceive = () => channel.holdForTurn(fresh)
    reactor.message(1, 'before')
    reactor.message(2, 'open')
    reactor.message(1, 'between')
    reactor.message(0, 'held')
    reactor.message(1, 'behind')
    reactor.publish()
    expect(fresh.received).toEqual([])
    expect(other.received).toEqual(['before', 'between'])
    turn()
    expect(fresh.received).toEqual(['held'])
    expect(other.received).toEqual(['before', 'between', 'behind'])
  })

  test.each([In.error, In.close, In.ping, In.drain, In.sent])('so does a record of kind %d', (kind) => {
    const { channel, reactor, probe, turn } = rig()
    const opener = probe(2)
    const fresh = probe(0)
    opener.onReceive = () => channel.holdForTurn(fresh)
    reactor.message(2, 'open')
    reactor.write(kind, 0)
    reactor.publish()
    expect(fresh.controls).toEqual([])
    turn()
    expect(fresh.controls.map(([got]) => got)).toEqual([kind])
  })

  test.each([
    ['paused', Hold.paused],
    ['listener', Hold.listener],
    ['replay', Hold.replay],
    ['turn and paused', Hold.turn | Hold.paused],
  ])('%s: the socket keeps its messages, others go on', (_name, bits) => {
    const { reactor, probe } = rig()
    const held = probe(0)
    const other = probe(1)
    held._hold = bits
    reactor.message(0, 'kept')
    reactor.message(1, 'flows')
    reactor.write(In.close, 0, { aux: 1000 })
    reactor.publish()
    expect(held.received).toEqual([])
    expect(held.kept).toEqual(['kept'])
    expect(held.controls).toEqual([[In.close, 1000, '']])
    expect(other.received).toEqual(['flows'])
  })
})

describe('handlers that throw', () => {
  test('the error is reported and the drain goes on', () => {
    const { reactor, probe, errors } = rig()
    const socket = probe(0)
    socket.onReceive = (data) => {
      if (data === 'bad') throw new Error('mine')
    }
    for (const text of ['good', 'bad', 'better']) reactor.message(0, text)
    reactor.publish()
    expect(socket.received).toEqual(['good', 'bad', 'better'])
    expect(errors).toEqual([new Error('mine')])
    expect(reactor.javascriptSleeps).toBe(true)
  })

  test('also in control records', () => {
    const { reactor, probe, errors } = rig()
    const socket = probe(0)
    socket._control = () => {
      throw new Error('control')
    }
    reactor.write(In.ping, 0, { data: 'p' })
    reactor.message(0, 'after')
    reactor.publish()
    expect(errors).toEqual([new Error('control')])
    expect(socket.received).toEqual(['after'])
  })
})
