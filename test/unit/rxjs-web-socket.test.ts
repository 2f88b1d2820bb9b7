// webSocket() and the function of that name in rxjs/webSocket, held to the same cases: what one does the other does.
import { lastValueFrom, map, repeat, retry, take, takeWhile, timeout } from 'rxjs'
import { webSocket as original } from 'rxjs/webSocket'
import { webSocket } from '../../lib/rxjs'
import { ScriptedSocket, recorder } from './support/scripted-socket'

interface Named {
  name: string
  value?: number | string
  last?: boolean
}

afterEach(() => ScriptedSocket.forget())

describe.each([
  ['rxjs/webSocket', original as unknown as typeof webSocket],
  ['hawser/rxjs', webSocket],
])('%s', (_name, make) => {
  const subjectOf = <T = unknown>(more: object = {}) =>
    make<T>({ url: 'ws://far.example/', WebSocketCtor: ScriptedSocket, ...more })
  const opened = <T = unknown>(more: object = {}) => {
    const subject = subjectOf<T>(more)
    const seen = recorder()
    const subscription = subject.subscribe(seen)
    return { subject, subscription, log: seen.log, socket: ScriptedSocket.last.opens() }
  }
  const named = (subject: ReturnType<typeof subjectOf<Named>>, name: string) =>
    subject.multiplex(
      () => ({ sub: name }),
      () => ({ unsub: name }),
      (message) => message.name === name,
    )

  describe('connecting', () => {
    test('waits for the first subscriber; further ones share the connection', () => {
      const subject = subjectOf()
      expect(ScriptedSocket.made).toHaveLength(0)
      subject.subscribe()
      subject.subscribe()
      expect(ScriptedSocket.made.map(({ url }) => url)).toEqual(['ws://far.example/'])
    })

    test.each([['one'], [['one', 'two']]])('offers the subprotocols %j', (protocol) => {
      subjectOf({ protocol }).subscribe()
      expect(ScriptedSocket.last.protocols).toEqual(protocol)
    })

    test('sets the binaryType', () => {
      subjectOf({ binaryType: 'blob' }).subscribe()
      expect(ScriptedSocket.last.binaryType).toBe('blob')
    })

    test('a constructor that throws is the error of the subscriber', () => {
      const error = new Error('no such place')
      const WebSocketCtor = class extends ScriptedSocket {
        constructor(url: string) {
          super(url)
          throw error
        }
      }
      const { log, ...seen } = recorder()
      subjectOf({ WebSocketCtor }).subscribe(seen)
      expect(log).toEqual(['error', error])
    })

    test('tells openObserver and closeObserver', () => {
      const events: unknown[] = []
      const observer = { next: (event: unknown) => events.push(event) }
      const { socket } = opened({ openObserver: observer, closeObserver: observer })
      const end = { wasClean: true, code: 1000, reason: 'bye' }
      socket.ends(end)
      expect(events).toEqual([{ type: 'open' }, end])
    })
  })

  describe('receiving', () => {
    test('parses JSON, for all subscribers, through operators', () => {
      const { subject, log, socket } = opened<string>()
      const loud = recorder()
      subject.pipe(map((text) => `${text}!`)).subscribe(loud)
      for (const word of ['ship', 'ahoy']) socket.hears(word)
      expect(log).toEqual(['ship', 'ahoy'])
      expect(loud.log).toEqual(['ship!', 'ahoy!'])
    })

    test('takes a deserializer, which gets the event', () => {
      const { socket, log } = opened({ deserializer: ({ data }: { data: string }) => data.length })
      socket.hearsText('four')
      expect(log).toEqual([4])
    })

    test('a deserializer that throws is the error of the subscribers, and the connection closes', () => {
      const error = new Error('not mine')
      const deserializer = (): never => {
        throw error
      }
      const { socket, log } = opened({ deserializer })
      socket.hearsText('x')
      expect(log).toEqual(['error', error])
      expect(socket.readyState).toBe(3)
    })

    test('a text that is no JSON likewise', () => {
      const { socket, log } = opened()
      socket.hearsText('{')
      expect(log).toEqual(['error', expect.any(SyntaxError)])
    })
  })

  describe('sending', () => {
    test('what comes before the connection waits for it, in order', () => {
      const subject = subjectOf<number>()
      for (const n of [1, 2]) subject.next(n)
      subject.subscribe()
      subject.next(3)
      expect(ScriptedSocket.last.sent).toEqual([])
      expect(ScriptedSocket.last.opens().said).toEqual([1, 2, 3])
    })

    test('what comes later goes at once', () => {
      const { subject, socket } = opened()
      subject.next({ deep: [1] })
      expect(socket.sent).toEqual(['{"deep":[1]}'])
    })

    test('takes a serializer', () => {
      const { subject, socket } = opened<string>({ serializer: (text: string) => `<${text}>` })
      subject.next('x')
      expect(socket.sent).toEqual(['<x>'])
    })
  })

  describe('the end', () => {
    test('a clean close completes, any other is the error', () => {
      const { log, socket } = opened()
      socket.ends({ wasClean: true, code: 1000, reason: '' })
      expect(log).toEqual(['complete'])
      const other = opened()
      const end = { wasClean: false, code: 1006, reason: '' }
      other.socket.ends(end)
      expect(other.log).toEqual(['error', end])
    })

    test('an error event is the error, and the close behind it none', () => {
      const { log, socket } = opened()
      const event = { type: 'error', message: 'broken' }
      socket.errs(event)
      socket.ends({ wasClean: false, code: 1006 })
      expect(log).toEqual(['error', event])
    })

    test('complete() closes; the subscribers complete when it is closed', () => {
      const closing = jest.fn()
      const { subject, socket, log } = opened({ closingObserver: { next: closing } })
      socket.answersClose = false
      subject.complete()
      expect({ closes: socket.closes, log, closing: closing.mock.calls }).toEqual({
        closes: [[]],
        log: [],
        closing: [[undefined]],
      })
      socket.ends({ wasClean: true, code: 1005 })
      expect(log).toEqual(['complete'])
    })

    test('error() closes with a code and a reason; the subscribers complete', () => {
      const closing = jest.fn()
      const { subject, socket, log } = opened({ closingObserver: { next: closing } })
      subject.error({ code: 4000, reason: 'enough' })
      expect(socket.closes).toEqual([[4000, 'enough']])
      expect(closing.mock.calls).toEqual([[undefined]])
      expect(log).toEqual(['complete'])
    })

    test('error() with anything else is the error of the subscribers', () => {
      const { subject, log, socket } = opened()
      subject.error('enough')
      expect(log).toEqual(['error', expect.any(TypeError)])
      expect(socket.readyState).toBe(3)
    })

    test('what was sent before complete() goes out, also when it was not open yet', () => {
      const subject = subjectOf<number>()
      const { log, ...seen } = recorder()
      subject.next(1)
      subject.subscribe(seen)
      subject.next(2)
      subject.complete()
      const socket = ScriptedSocket.last.opens()
      expect({ said: socket.said, closes: socket.closes, log }).toEqual({
        said: [1, 2],
        closes: [[]],
        log: ['complete'],
      })
    })

    test.each(['complete', 'error'] as const)('after %s() it can be subscribed to again', (how) => {
      const { subject, socket } = opened<string>()
      subject[how]({ code: 4000 })
      subject.next('again')
      subject.subscribe()
      expect(ScriptedSocket.last).not.toBe(socket)
      expect(ScriptedSocket.last.opens().said).toEqual(['again'])
    })

    test('the connection closes when the last subscriber has left', () => {
      const { subject, subscription, socket } = opened()
      const other = subject.subscribe()
      subscription.unsubscribe()
      expect(socket.closes).toEqual([])
      other.unsubscribe()
      expect(socket.closes).toEqual([[]])
    })

    test.each(['the subscription', 'the subject'])('%s ended before the connection opens it', (what) => {
      const subject = subjectOf()
      const subscription = subject.subscribe()
      if (what === 'the subject') subject.unsubscribe()
      else subscription.unsubscribe()
      const socket = ScriptedSocket.last
      expect(socket.closes).toHaveLength(1)
      socket.opens()
      expect(socket.readyState).toBe(3)
    })

    test('unsubscribe() of the subject closes, and it cannot be used any more', () => {
      const { subject, socket } = opened()
      subject.unsubscribe()
      expect(socket.closes).toEqual([[]])
      expect(() => subject.subscribe()).toThrow()
    })
  })

  describe('with the operators of RxJS', () => {
    test('retry connects again', () => {
      const subject = subjectOf<number>()
      const { log, ...seen } = recorder()
      subject.pipe(retry(1)).subscribe(seen)
      const first = ScriptedSocket.last.opens()
      first.hears(1)
      first.breaks()
      const second = ScriptedSocket.last.opens()
      expect(second).not.toBe(first)
      second.hears(2)
      const end = second.breaks()
      expect(log).toEqual([1, 2, 'error', { type: 'error' }])
      expect(end.wasClean).toBe(false)
    })

    test('many subscribers that each retry share the new connection', () => {
      const subject = subjectOf<number>()
      const all = [1, 2, 3].map(() => recorder())
      for (const seen of all) subject.pipe(retry(1)).subscribe(seen)
      ScriptedSocket.last.opens().breaks()
      expect(ScriptedSocket.made).toHaveLength(2)
      ScriptedSocket.last.opens().hears('x')
      expect(all.map(({ log }) => log)).toEqual([['x'], ['x'], ['x']])
    })

    test('take, and with it the last subscriber gone', async () => {
      const subject = subjectOf<number>()
      const value = lastValueFrom(subject.pipe(take(1), timeout(10_000)))
      const socket = ScriptedSocket.last.opens()
      socket.hears(7)
      expect(await value).toBe(7)
      expect(socket.readyState).toBe(3)
    })
  })

  describe('multiplex', () => {
    test('says what it wants, gets that and nothing else, and says when it is done', () => {
      const subject = subjectOf<Named>()
      const { log, ...seen } = recorder()
      const subscription = named(subject, 'foo').subscribe(seen)
      const socket = ScriptedSocket.last.opens()
      for (const value of [1, 2, 3, 4]) socket.hears({ name: value % 2 === 0 ? 'foo' : 'bar', value })
      subscription.unsubscribe()
      expect(log).toEqual([
        { name: 'foo', value: 2 },
        { name: 'foo', value: 4 },
      ])
      expect(socket.said).toEqual([{ sub: 'foo' }, { unsub: 'foo' }])
      expect(socket.closes).toEqual([[]])
    })

    test('streams share a connection, which stays until the last one ends', () => {
      const subject = subjectOf<Named>()
      const log: unknown[] = []
      for (const name of ['A', 'B']) {
        const stream = named(subject, name).pipe(takeWhile(({ last }) => last !== true))
        stream.subscribe(recorder(log, name))
      }
      const socket = ScriptedSocket.last.opens()
      socket.hears({ name: 'A', value: 1 })
      socket.hears({ name: 'A', last: true })
      expect(socket.readyState).toBe(1)
      socket.hears({ name: 'B', value: 2 })
      socket.hears({ name: 'B', last: true })
      expect(log).toEqual([
        { A: { name: 'A', value: 1 } },
        'A complete',
        { B: { name: 'B', value: 2 } },
        'B complete',
      ])
      expect(socket.said).toEqual([{ sub: 'A' }, { sub: 'B' }, { unsub: 'A' }, { unsub: 'B' }])
      expect(socket.closes).toEqual([[]])
      expect(ScriptedSocket.made).toHaveLength(1)
    })

    test('one stream that leaves takes nothing from the other; a clean close completes that one', () => {
      const subject = subjectOf<Named>()
      const log: unknown[] = []
      const first = named(subject, 'A').subscribe(recorder(log, 'A'))
      named(subject, 'B').subscribe(recorder(log, 'B'))
      const socket = ScriptedSocket.last.opens()
      first.unsubscribe()
      socket.hears({ name: 'A' })
      socket.hears({ name: 'B' })
      socket.ends({ wasClean: true, code: 1000 })
      expect(log).toEqual([{ B: { name: 'B' } }, 'B complete'])
    })

    test('can be retried', () => {
      const subject = subjectOf<Named>()
      const { log, ...seen } = recorder()
      named(subject, 'foo').pipe(retry(1), take(2)).subscribe(seen)
      ScriptedSocket.last.opens().ends({ wasClean: false, code: 1006 })
      const socket = ScriptedSocket.last.opens()
      expect(socket.said.at(-1)).toEqual({ sub: 'foo' })
      for (const value of [1, 2]) socket.hears({ name: 'foo', value })
      expect(log).toEqual([{ name: 'foo', value: 1 }, { name: 'foo', value: 2 }, 'complete'])
    })

    test('can be repeated', () => {
      const subject = subjectOf<Named>()
      const { log, ...seen } = recorder()
      named(subject, 'foo').pipe(repeat(2)).subscribe(seen)
      for (const value of [1, 2]) {
        const socket = ScriptedSocket.last.opens()
        expect(socket.said.at(-1)).toEqual({ sub: 'foo' })
        socket.hears({ name: 'foo', value })
        socket.ends({ wasClean: true, code: 1000 })
      }
      expect(ScriptedSocket.made).toHaveLength(2)
      expect(log).toEqual([{ name: 'foo', value: 1 }, { name: 'foo', value: 2 }, 'complete'])
    })

    test('a filter that throws is the error of its stream', () => {
      const subject = subjectOf<Named>()
      const error = new Error('cannot tell')
      const { log, ...seen } = recorder()
      const filter = (): never => {
        throw error
      }
      subject
        .multiplex(
          () => 1,
          () => 2,
          filter,
        )
        .subscribe(seen)
      ScriptedSocket.last.opens().hears({ name: 'x' })
      expect(log).toEqual(['error', error])
    })
  })
})
