// lib/native/channel.ts against a double of the reactor: what waits for room, and whose a slot is.
import { In, Out, noSlot } from '../../lib/native/records'
import { rig } from './support/channel-rig'

describe('overflow', () => {
  test('what the bound does not allow is refused, commands are not', () => {
    const { channel, reactor, probe } = rig({ outbound: 512, overflow: 1000 })
    const socket = probe(0)
    let accepted = 0
    while (channel.sendBytes(socket, Buffer.alloc(100, accepted), 0) >= 0) accepted++
    expect(channel.offer(Out.pong, 0, 0, Buffer.alloc(100))).toBe(false)
    const queued = channel.pending(socket)
    expect(channel.sendText(socket, 'y'.repeat(300), 0)).toBe(-1)
    expect(channel.sendLarge(socket, Buffer.alloc(2000), 2000, 0)).toBe(-1)
    expect(channel.publish(1, Buffer.from('t'), Buffer.alloc(300), 0, noSlot)).toBe(false)
    expect(channel.pending(socket)).toBe(queued)
    channel.command(Out.close, 0, 1000, 'bye')
    const seen = reactor.take()
    while (channel.congested) seen.push(...reactor.take())
    seen.push(...reactor.take())
    expect(seen.map((record) => record.kind)).toEqual([...Array<number>(accepted).fill(Out.send), Out.close])
    expect(seen.slice(0, accepted).map((record) => record.data[0])).toEqual(
      Array.from({ length: accepted }, (_, i) => i),
    )
    expect(seen.at(-1)).toMatchObject({ aux: 1000, data: Buffer.from('bye') })
  })

  test('data that waits is a copy', () => {
    const { channel, reactor, probe } = rig({ outbound: 256 })
    const socket = probe(0)
    const data = Buffer.alloc(100)
    for (let i = 0; i < 6; i++) {
      data.fill(i)
      channel.sendBytes(socket, data, 0)
    }
    const seen = reactor.take()
    while (channel.congested) seen.push(...reactor.take())
    seen.push(...reactor.take())
    expect(seen.map((record) => record.data[50])).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('identity', () => {
  test('the close record frees the slot; the next socket there gets its own records only', () => {
    const { reactor, probe } = rig()
    const first = probe(4)
    reactor.message(4, 'one')
    reactor.write(In.close, 4, { aux: 1000 | (1 << 16), data: Buffer.from('grüße') })
    reactor.publish()
    expect(first.controls).toEqual([[In.close, 1000 | (1 << 16), 'grüße']])
    expect(reactor.take()).toMatchObject([{ kind: Out.release, connection: 4 }])
    const second = probe(4)
    reactor.message(4, 'two')
    reactor.publish()
    expect(first.received).toEqual(['one'])
    expect(second.received).toEqual(['two'])
  })

  test('records of a slot without a socket are skipped, and their large payloads let go', () => {
    const { reactor, probe } = rig()
    reactor.message(9, 'nobody')
    reactor.message(9, Buffer.alloc(5000), true)
    reactor.write(In.ping, 9)
    const socket = probe(1)
    reactor.message(1, 'somebody')
    reactor.publish()
    expect(socket.received).toEqual(['somebody'])
    expect(reactor.unfetched).toBe(0)
  })

  test('a connection of a server that is gone is terminated', () => {
    const { reactor } = rig()
    reactor.deliver(In.connection, 3, { aux: 77, data: 'fields' })
    expect(reactor.take()).toMatchObject([{ kind: Out.terminate, connection: 3 }])
  })

  test('server records reach the server by its id; those behind `listening` in the next turn', () => {
    const { channel, reactor, turn } = rig()
    const calls: unknown[][] = []
    channel.servers.set(5, {
      _connection: (_channel, slot, fields) => calls.push(['connection', slot, fields]),
      _upgrade: (_channel, slot, fields) => calls.push(['upgrade', slot, fields]),
      _event: (_channel, kind, aux, fields) => calls.push(['event', kind, aux, fields]),
    })
    reactor.write(In.listening, 5, { data: '::\n80\nIPv6' })
    reactor.write(In.connection, 11, { aux: 5, data: 'a' })
    reactor.write(In.upgrade, 12, { aux: 5, data: 'b' })
    reactor.write(In.dropped, 5, { aux: 3 })
    reactor.write(In.server_closed, 5)
    reactor.publish()
    expect(calls.splice(0)).toEqual([['event', In.listening, 0, '::\n80\nIPv6']])
    expect(reactor.javascriptSleeps).toBe(false)
    turn()
    expect(calls).toEqual([
      ['connection', 11, 'a'],
      ['upgrade', 12, 'b'],
      ['event', In.dropped, 3, ''],
      ['event', In.server_closed, 0, ''],
    ])
  })
})
