// Topics that keep messages, and messages to several topics, seen by real peers. Run with one I/O thread and with several.
import { WebSocket as Peer } from 'ws'
import { Random } from '../../support/random'
import type { Scope } from '../../support/scope'
import type { WebSocket, WebSocketServer } from '../../support/subject'
import { event } from '../../support/waiters'

const wide = { count: 100_000, bytes: 1 << 26, age: 0 }

interface Member {
  socket: WebSocket
  peer: Peer
  got: string[]
}

export function keptCases(scope: Scope): void {
  async function member(server: WebSocketServer, url: string): Promise<Member> {
    const connection = event<[WebSocket]>(server, 'connection')
    const peer = new Peer(url)
    scope.defer(() => {
      peer.terminate()
    })
    const got: string[] = []
    peer.on('message', (data) => got.push((data as Buffer).toString()))
    const [[socket]] = await Promise.all([connection, event(peer, 'open')])
    socket.on('error', () => {})
    return { socket, peer, got }
  }
  /** Waits for a text, which is not counted. */
  function until(member: Member, text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): boolean => {
        const at = member.got.indexOf(text)
        if (at < 0) return false
        member.got.splice(at, 1)
        resolve()
        return true
      }
      if (look()) return
      const wait = (): void => {
        if (look()) member.peer.off('message', wait)
      }
      member.peer.on('message', wait)
    })
  }
  const upto = (from: number, last: number): string[] =>
    Array.from({ length: last - from + 1 }, (_, i) => String(from + i))

  test('who comes late gets what is kept above its offset, then what is published', async () => {
    const { server, url } = await scope.server()
    const topics = server._topics
    topics.keep('t', { count: 10, bytes: 1 << 20, age: 0 }, 0)
    const first = await member(server, url)
    first.socket.subscribe('t')
    for (let i = 1; i <= 30; i++) topics.publish(['t'], String(i), i, undefined)
    await until(first, '30')
    expect(topics.kept('t')).toMatchObject({ lost: 20, last: 30, count: 10 })

    const a = await member(server, url)
    const texts = { whole: 'whole', partial: 'partial' }
    topics.subscribeFrom(a.socket, 't', 25, Infinity, texts)
    topics.publish(['t'], '31', 31, undefined)
    await until(a, '31')
    expect(a.got).toEqual(['whole', ...upto(26, 30)])

    const gap = await member(server, url)
    topics.subscribeFrom(gap.socket, 't', 5, 3, texts)
    const newest = await member(server, url)
    topics.subscribeFrom(newest.socket, 't', -2, 2, {})
    const none = await member(server, url)
    topics.subscribeFrom(none.socket, 't', -1, 2, {})
    topics.publish(['t'], 'end', 32, undefined)
    for (const one of [gap, newest, none]) await until(one, 'end')
    expect(gap.got).toEqual(['partial', '29', '30', '31'])
    expect(newest.got).toEqual(['30', '31'])
    expect(none.got).toEqual([])
    expect(topics.gauges()).toMatchObject({ keptTopics: 1, keptMessages: 10 })

    topics.forget('t')
    expect(topics.kept('t')).toBeUndefined()
    const after = await member(server, url)
    topics.subscribeFrom(after.socket, 't', 0, Infinity, texts)
    topics.publish(['t'], 'end', 33, undefined)
    await until(after, 'end')
    expect(after.got).toEqual(['partial'])
  })

  test('a replay while others publish is complete, in order, and without duplicates', async () => {
    const random = new Random()
    const { server, url } = await scope.server()
    const topics = server._topics
    topics.keep('t', wide, 0)
    let offset = 0
    let running = true
    const publisher = await member(server, url)
    const pump = (): void => {
      if (!running) return
      for (let n = random.below(20); n >= 0; n--) {
        offset++
        topics.publish(['t'], String(offset), offset, random.below(2) === 0 ? publisher.socket : undefined)
      }
      setImmediate(pump)
    }
    pump()
    const members: { member: Member; from: number }[] = []
    for (let i = 0; i < 12; i++) {
      const one = await member(server, url)
      const from = random.below(offset + 1)
      topics.subscribeFrom(one.socket, 't', from, Infinity, {})
      members.push({ member: one, from })
    }
    running = false
    const last = offset
    topics.publish(['t'], 'end', last + 1, undefined)
    for (const { member: one, from } of members) {
      await until(one, 'end')
      expect(one.got).toEqual(upto(from + 1, last))
    }
  })

  test('a replay larger than the high-water mark keeps its place before what comes meanwhile', async () => {
    const { server, url } = await scope.server({ highWaterMark: 4096 })
    const topics = server._topics
    topics.keep('t', wide, 0)
    const body = 'x'.repeat(1000)
    for (let i = 1; i <= 2000; i++) topics.publish(['t'], `${i} ${body}`, i, undefined)
    const one = await member(server, url)
    one.peer.pause()
    topics.subscribeFrom(one.socket, 't', 0, Infinity, {})
    one.socket.subscribe('u')
    const wanted: string[] = upto(1, 2000)
    for (let i = 1; i <= 50; i++) {
      topics.publish(['t'], String(2000 + i), 2000 + i, undefined)
      one.socket.send(`sent ${i}`)
      wanted.push(String(2000 + i), `sent ${i}`)
    }
    one.socket.send('start', { fin: false })
    one.socket.send(' end', { fin: true })
    topics.publish(['t'], 'end', 2051, undefined)
    one.peer.resume()
    await until(one, 'end')
    await until(one, 'start end')
    const got = one.got.map((text) => (text.endsWith(body) ? text.slice(0, text.indexOf(' ')) : text))
    expect(got.filter((text) => !text.startsWith('s'))).toEqual(
      wanted.filter((text) => !text.startsWith('s')),
    )
    expect(got.filter((text) => text.startsWith('s'))).toEqual(wanted.filter((text) => text.startsWith('s')))
  })

  test('a message to several topics comes once to each subscriber, and not to who is left out', async () => {
    const { server, url } = await scope.server()
    const topics = server._topics
    const all: Member[] = []
    for (let i = 0; i < 6; i++) {
      const one = await member(server, url)
      if (i % 2 === 0) one.socket.subscribe('even')
      if (i % 3 === 0) one.socket.subscribe('third')
      one.socket.subscribe(`user:${i}`)
      one.socket.subscribe('all')
      all.push(one)
    }
    for (let n = 0; n < 3; n++)
      topics.publish(['even', 'third', 'user:1', 'nobody'], `m${n}`, -1, all[2].socket)
    topics.publish(['user:0', 'all'], Buffer.from('large'.repeat(100_000)), -1, undefined)
    topics.publish(['all'], 'end', -1, undefined)
    for (const [i, one] of all.entries()) {
      await until(one, 'end')
      expect(one.got.pop()?.length).toBe(500_000)
      expect(one.got).toEqual(i === 5 || i === 2 ? [] : ['m0', 'm1', 'm2'])
    }
    expect(topics.subscribers('all')).toBe(6)
    expect(topics.subscribers('even')).toBe(3)
    expect(topics.subscribers('nobody')).toBe(0)
  })
}
