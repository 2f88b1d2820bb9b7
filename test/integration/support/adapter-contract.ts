// What every adapter has to do, with a real broker behind it: `adapterContract(…)` in a test file of its own.
import type { HubAdapter, HubNode, RoomEntry } from '../../../lib'
import { event, until, within } from '../../support/waiters'
import { longestStart } from './brokers'
import { EventEmitter } from 'node:events'

/** A broker that a test may end. */
export interface ContractBroker {
  /** An adapter of it. Those of one test share what they say; those of different tests do not hear each other. */
  adapter(options?: { maxQueued?: number }): HubAdapter
  /** Ends it without a word, as a crash would. */
  kill(): Promise<void>
  /** Starts it again at the same place; `empty`: without what it kept. */
  restart(options?: { empty?: boolean }): Promise<void>
  /** How many connections it has, beside the test's own. */
  connections(): Promise<number>
}

export interface ContractOptions {
  /** Characters of the longest text that it carries. Default 1000000. */
  largest?: number
  /** Whether it has a log. Default true. */
  log?: boolean
  /** Whether what its log holds survives a kill. Default true. */
  durable?: boolean
  /** Whether `renew` keeps what was appended before readable. Default true. */
  renewKeeps?: boolean
}

const bounds = { count: 1000, bytes: 1 << 20, age: 0 }
let nodes = 0

/** A node that writes down what it hears. */
export class Node extends EventEmitter implements HubNode {
  readonly id = `node-${process.pid}-${++nodes}`
  readonly texts: string[] = []
  readonly logged = new Map<string, RoomEntry[]>()
  readonly reports: Error[] = []
  readonly changes: string[] = []

  constructor(readonly adapter: HubAdapter) {
    super()
  }
  receive(text: string): void {
    this.texts.push(text)
  }
  entries(room: string, entries: readonly RoomEntry[]): void {
    this.logged.set(room, [...(this.logged.get(room) ?? []), ...entries])
  }
  connected(): void {
    this.changes.push('connected')
    this.emit('connected')
  }
  disconnected(error: Error): void {
    this.changes.push(`lost ${(error as { code?: string }).code ?? ''}`)
    this.emit('lost')
  }
  report(error: Error): void {
    this.reports.push(error)
  }

  async heard(count: number): Promise<string[]> {
    await until(() => this.texts.length >= count)
    return this.texts
  }
  async followed(room: string, count: number): Promise<RoomEntry[]> {
    await until(() => (this.logged.get(room)?.length ?? 0) >= count)
    return this.logged.get(room) as RoomEntry[]
  }
  get log(): NonNullable<HubAdapter['log']> {
    return this.adapter.log as NonNullable<HubAdapter['log']>
  }
  /** Appends until the broker takes it. */
  async append(room: string, texts: string[], number: number): Promise<{ epoch: string; offset: number }> {
    for (;;) {
      try {
        return await within(this.log.append(room, texts, number, bounds), 'append')
      } catch (error) {
        if ((error as { code?: string }).code !== 'BROKER_UNAVAILABLE') throw error
        if (!this.adapter.metrics().connected) await event(this, 'connected')
      }
    }
  }
}

/** `start` is called once, before the first test; `stop` after the last. */
export function adapterContract(
  start: () => Promise<ContractBroker>,
  stop: () => Promise<void>,
  { largest = 1_000_000, log = true, durable = true, renewKeeps = true }: ContractOptions = {},
): void {
  let broker: ContractBroker
  const open = new Set<Node>()
  const uncounted = { connected: true, lost: 0, queued: 0 }

  /** A node whose adapter does not look for the broker yet. */
  const made = (options?: { maxQueued?: number }): Node => {
    const node = new Node(broker.adapter(options))
    open.add(node)
    return node
  }
  const node = async (...channels: string[]): Promise<Node> => {
    const one = made()
    const found = event(one, 'connected')
    await one.adapter.start(one)
    await found
    await within(Promise.all(channels.map((channel) => one.adapter.subscribe(channel))), 'subscriptions')
    return one
  }

  beforeAll(async () => {
    broker = await start()
  })
  afterEach(async () => {
    await Promise.all([...open].map(({ adapter }) => within(adapter.close(), 'close of the adapter')))
    open.clear()
  })
  afterAll(() => stop())

  describe('texts', () => {
    test('go to the nodes that have subscribed the channel, and to no other', async () => {
      const a = await node('x')
      const [b, c, d] = [await node('x', 'y'), await node('x'), await node('y')]
      a.adapter.publish('x', '1')
      a.adapter.publish('y', '2')
      expect(await b.heard(2)).toEqual(['1', '2'])
      expect(await c.heard(1)).toEqual(['1'])
      expect(await d.heard(1)).toEqual(['2'])
      c.adapter.unsubscribe('x')
      await within(c.adapter.subscribe('z'), 'subscription')
      a.adapter.publish('x', '3')
      a.adapter.publish('z', '4')
      expect(await c.heard(2)).toEqual(['1', '4'])
      expect(await b.heard(3)).toEqual(['1', '2', '3'])
      await until(() => a.adapter.metrics().published === 4)
      expect(a.adapter.metrics()).toMatchObject({ ...uncounted, reconnects: 0 })
      expect(b.adapter.metrics()).toMatchObject({ received: 3 })
    })

    test('of one node come in its order, over all channels', async () => {
      const channels = ['x', 'y', 'z']
      const [a, b, c] = [await node(), await node(), await node(...channels)]
      for (let i = 0; i < 1000; i++) {
        a.adapter.publish(channels[i % 3], `a${i}`)
        b.adapter.publish(channels[i % 2], `b${i}`)
      }
      const texts = await c.heard(2000)
      const of = (name: string) => texts.filter((text) => text.startsWith(name))
      for (const name of ['a', 'b'])
        expect(of(name)).toEqual(Array.from({ length: 1000 }, (_, i) => `${name}${i}`))
    })

    test('channels have any name', async () => {
      const channels = ['r:with spaces', 'r:a.b.>.*.c', 'r:*', 'r:#.{x}[y]?$SYS', 'r:größe ☃ 𝄞']
      channels.push(`r:${'long '.repeat(59)}`, `r:${'☃'.repeat(256)}`)
      const [a, b] = [await node(), await node(...channels, 'fence')]
      for (const channel of channels) {
        a.adapter.publish(channel, channel)
        a.adapter.publish(`${channel}x`, 'no')
        a.adapter.publish(channel.slice(0, -1), 'no')
      }
      a.adapter.publish('fence', 'end')
      expect(await b.heard(channels.length + 1)).toEqual([...channels, 'end'])
    })

    test('may be long, and have all characters', async () => {
      const [a, b] = [await node(), await node('x')]
      const texts = ['line\nline', 'ä☃𝄞"\\', 'x'.repeat(largest)]
      for (const text of texts) a.adapter.publish('x', text)
      const got = await b.heard(3)
      expect(got.map((text, i) => text === texts[i])).toEqual([true, true, true])
    })

    test('an adapter that was closed carries nothing more, and leaves no connection', async () => {
      const before = await broker.connections()
      const [a, b] = [await node('x'), await node('x')]
      expect(await broker.connections()).toBeGreaterThan(before)
      a.adapter.publish('x', '1')
      await within(a.adapter.close(), 'close')
      // What was said before went out.
      expect(await b.heard(1)).toEqual(['1'])
      a.adapter.publish('x', '2')
      a.adapter.unsubscribe('x')
      await within(a.adapter.subscribe('y'), 'subscription')
      await within(a.adapter.close(), 'second close')
      await within(b.adapter.close(), 'close')
      const gone = async (): Promise<void> => {
        while ((await broker.connections()) > before);
      }
      await within(gone(), 'end of the connections')
      expect(b.texts).toEqual(['1'])
      expect(a.adapter.metrics()).toMatchObject({ connected: false })
    })
  })

  describe('a broker that is lost', () => {
    const lost = (...all: Node[]): Promise<unknown> =>
      Promise.all(all.filter(({ adapter }) => adapter.metrics().connected).map((one) => event(one, 'lost')))

    test('is reported, and found again: what waited goes out in order, subscriptions hold', async () => {
      const [a, b] = [await node('x'), await node('x')]
      const gone = lost(a, b)
      await broker.kill()
      await gone
      const back = Promise.all([a, b].map((each) => event(each, 'connected', longestStart)))
      const meanwhile = b.adapter.subscribe('y')
      b.adapter.unsubscribe('x')
      a.adapter.publish('x', 'x')
      await broker.restart()
      await back
      await within(meanwhile, 'subscription made meanwhile')
      for (let i = 0; i < 10; i++) a.adapter.publish('y', String(i))
      expect((await b.heard(10)).slice(-10)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
      expect(b.texts.length).toBe(10)
      for (const { changes } of [a, b]) {
        expect([changes[0], changes[1], changes.at(-1)]).toEqual([
          'connected',
          'lost BROKER_UNAVAILABLE',
          'connected',
        ])
      }
      // The other node may hear of a text before this one is told that the broker has it.
      await until(() => a.adapter.metrics().queued === 0)
      expect(a.adapter.metrics()).toMatchObject({ ...uncounted })
      expect(a.adapter.metrics().reconnects).toBeGreaterThan(0)
    })

    test('what waits is bounded, the oldest goes first, and what was dropped is counted', async () => {
      const a = made({ maxQueued: 10 })
      const found = event(a, 'connected')
      await a.adapter.start(a)
      await found
      const gone = lost(a)
      await broker.kill()
      await gone
      const back = event(a, 'connected', longestStart)
      for (let i = 0; i < 25; i++) a.adapter.publish('x', String(i))
      expect(a.adapter.metrics()).toMatchObject({ connected: false, queued: 10, lost: 15 })
      await broker.restart()
      await back
      await until(() => a.adapter.metrics().published === 10)
      expect(a.adapter.metrics()).toMatchObject({ connected: true, queued: 0, lost: 15 })
    })

    test('one that is away at the start is found later', async () => {
      await broker.kill()
      const a = made()
      const found = event(a, 'connected', longestStart)
      await a.adapter.start(a)
      const subscribed = a.adapter.subscribe('x')
      expect(a.adapter.metrics()).toMatchObject({ connected: false })
      await broker.restart()
      await found
      await within(subscribed, 'subscription')
      const b = await node()
      b.adapter.publish('x', '1')
      expect(await a.heard(1)).toEqual(['1'])
      expect(a.adapter.metrics()).toMatchObject({ connected: true, reconnects: 0 })
    })

    test('an adapter ends while the broker is away', async () => {
      const [a, b] = [await node(), made()]
      const gone = lost(a)
      await broker.kill()
      await gone
      await b.adapter.start(b)
      a.adapter.publish('x', '1')
      const waiting = a.adapter.subscribe('x')
      await within(Promise.all([a.adapter.close(), b.adapter.close()]), 'close of both')
      await within(waiting, 'end of the subscription')
      expect(a.adapter.metrics()).toMatchObject({ connected: false, lost: 1, queued: 0 })
      await broker.restart()
    })
  })

  if (!log) return

  describe('the log', () => {
    const room = (): string => `room ${++nodes} ☃.*>`
    const texts = (entries: readonly RoomEntry[]): string[] => entries.map(({ text }) => text)
    const offsets = (entries: readonly RoomEntry[]): number[] => entries.map(({ offset }) => offset)
    const logs = async (count: number): Promise<Node[]> => {
      const list: Node[] = []
      for (let i = 0; i < count; i++) list.push(await node())
      return list
    }

    test('gives what all nodes append one order, which all followers hear', async () => {
      const [a, b, c] = await logs(3)
      const r = room()
      const other = room()
      await within(Promise.all([a.log.follow(r, bounds), b.log.follow(r, bounds)]), 'follow')
      const appends = [a, b, c].map(async (one) => {
        for (let i = 0; i < 50; i++) await one.append(r, [`${one.id} ${i}`, `${one.id} ${i}b`], i)
      })
      await c.append(other, ['not r'], 0)
      await Promise.all(appends)
      const seen = await a.followed(r, 300)
      expect(offsets(seen)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
      expect(new Set(seen.map(({ epoch }) => epoch)).size).toBe(1)
      expect(seen[0].epoch).not.toBe('')
      expect(await b.followed(r, 300)).toEqual(seen)
      expect(c.logged.size + Number(a.logged.has(other))).toBe(0)
      for (const one of [a, b, c]) {
        const own = texts(seen).filter((text) => text.startsWith(`${one.id} `))
        expect(own).toEqual(
          Array.from({ length: 50 }, (_, i) => [`${one.id} ${i}`, `${one.id} ${i}b`]).flat(),
        )
      }
      const { epoch, offset, entries, anew } = await c.log.read(r, undefined, 1000, bounds)
      expect([epoch, offset, anew]).toEqual([seen[0].epoch, 300, false])
      expect(entries).toEqual(seen)
    })

    test('is read from a place, or its newest part; bounds hold', async () => {
      const [a] = await logs(1)
      const r = room()
      const few = { ...bounds, count: 5 }
      const first = await a.log.read(r, undefined, 10, few)
      expect(first).toMatchObject({ offset: 0, entries: [], anew: false })
      const place = await a.log.append(r, ['1', '2', '3', '4', '5', '6', '7', '8'], 0, few)
      expect(place).toEqual({ epoch: first.epoch, offset: 8 })
      const read = (offset: number | undefined, most: number) =>
        a.log.read(r, offset === undefined ? undefined : { epoch: first.epoch, offset }, most, few)
      expect(texts((await read(undefined, 3)).entries)).toEqual(['6', '7', '8'])
      expect(texts((await read(undefined, 100)).entries)).toEqual(['4', '5', '6', '7', '8'])
      expect(texts((await read(5, 2)).entries)).toEqual(['6', '7'])
      expect(texts((await read(8, 2)).entries)).toEqual([])
      expect(offsets((await read(1, 9)).entries)).toEqual([4, 5, 6, 7, 8])
      expect(await read(6, 9)).toMatchObject({ epoch: first.epoch, offset: 8, anew: false })
      // Bytes are a bound, too; the newest stays.
      const narrow = { ...bounds, bytes: 1000 }
      for (let i = 0; i < 5; i++) await a.log.append(r, ['x'.repeat(400)], 1 + i, narrow)
      const { entries, offset } = await a.log.read(r, undefined, 100, narrow)
      expect(offset).toBe(13)
      expect(entries.length).toBeLessThan(4)
      expect(entries.at(-1)).toMatchObject({ offset: 13 })
    })

    test('a call that comes again appends nothing twice', async () => {
      const [a, b] = await logs(2)
      const r = room()
      const place = await a.append(r, ['1', '2'], 7)
      expect(await a.append(r, ['1', '2'], 7)).toEqual(place)
      await b.append(r, ['3'], 7)
      expect(await a.append(r, ['1', '2'], 7)).toEqual(place)
      await a.append(r, ['4'], 8)
      expect(texts((await a.log.read(r, undefined, 9, bounds)).entries)).toEqual(['1', '2', '3', '4'])
    })

    test('an epoch is renewed once, whoever asks for it; what was there can be read', async () => {
      const [a, b] = await logs(2)
      const r = room()
      await within(b.log.follow(r, bounds), 'follow')
      const { epoch } = await a.append(r, ['1', '2'], 0)
      await b.followed(r, 2)
      await Promise.all([a, b, a].map((one) => one.log.renew(r, epoch, bounds)))
      const next = await a.append(r, ['3'], 1)
      expect(next.epoch).not.toBe(epoch)
      expect((await b.followed(r, 3)).at(-1)).toMatchObject({ text: '3', ...next })
      const page = await b.log.read(r, { epoch, offset: 2 }, 9, bounds)
      expect(page).toMatchObject({ entries: [{ text: '3', ...next }], ...next })
      expect(page.anew).toBe(!renewKeeps)
      if (renewKeeps) expect(next.offset).toBe(3)
    })

    test('a broker that is away refuses, and has what it held when it is back', async () => {
      const [a, b] = await logs(2)
      const r = room()
      await within(b.log.follow(r, bounds), 'follow')
      const { epoch } = await a.append(r, ['1', '2'], 0)
      await b.followed(r, 2)
      const gone = Promise.all([event(a, 'lost'), event(b, 'lost')])
      await broker.kill()
      await gone
      const refused = [
        a.log.append(r, ['3'], 1, bounds),
        a.log.read(r, undefined, 1, bounds),
        a.log.renew(r, epoch, bounds),
      ]
      for (const result of await Promise.allSettled(refused)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'BROKER_UNAVAILABLE' } })
      }
      const back = Promise.all([a, b].map((each) => event(each, 'connected', longestStart)))
      await broker.restart()
      await back
      await a.append(r, ['3'], 1)
      const page = await b.log.read(r, { epoch, offset: 2 }, 9, bounds)
      expect(texts(page.entries).slice(-1)).toEqual(['3'])
      // Another epoch is right, where nobody knows whether something was lost; a gap within one is not.
      const [entry] = page.entries
      if (durable) {
        expect(page).toMatchObject({ anew: false, epoch: entry.epoch, offset: entry.offset })
        if (entry.epoch === epoch) expect(entry.offset).toBe(3)
        else expect(entry.offset).toBeGreaterThan(2)
      } else expect(page.anew).toBe(true)
      expect(texts((await b.followed(r, 3)).slice(-1))).toEqual(['3'])
    })

    test('one that has lost what it held begins anew, and says so', async () => {
      const [a, b] = await logs(2)
      const r = room()
      await within(b.log.follow(r, bounds), 'follow')
      const { epoch } = await a.append(r, ['1', '2', '3'], 0)
      const gone = Promise.all([event(a, 'lost'), event(b, 'lost')])
      await broker.kill()
      await gone
      const back = Promise.all([a, b].map((each) => event(each, 'connected', longestStart)))
      await broker.restart({ empty: true })
      await back
      const place = await a.append(r, ['4'], 1)
      expect(place.offset).toBe(1)
      expect(place.epoch).not.toBe(epoch)
      const page = await b.log.read(r, { epoch, offset: 3 }, 9, bounds)
      expect(page).toEqual({ ...place, entries: [{ ...place, text: '4' }], anew: true })
      expect((await b.log.read(r, { epoch, offset: 0 }, 9, bounds)).anew).toBe(true)
    })

    test('what is not followed any more is not heard', async () => {
      const [a, b] = await logs(2)
      const [r, s] = [room(), room()]
      await within(Promise.all([b.log.follow(r, bounds), b.log.follow(s, bounds)]), 'follow')
      await a.append(r, ['1'], 0)
      await b.followed(r, 1)
      b.log.unfollow(r)
      await within(b.log.follow(room(), bounds), 'follow')
      await a.append(r, ['2'], 1)
      await a.append(s, ['3'], 0)
      await b.followed(s, 1)
      expect(texts(b.logged.get(r) as RoomEntry[])).toEqual(['1'])
    })
  })
}
