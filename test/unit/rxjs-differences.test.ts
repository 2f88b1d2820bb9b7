// Where webSocket() differs from rxjs/webSocket on purpose: what that one does today, and what is done here instead.
// docs/rxjs.md has the same list.
import { retry } from 'rxjs'
import { webSocket as original } from 'rxjs/webSocket'
import { webSocket } from '../../lib/rxjs'
import { ScriptedSocket, recorder } from './support/scripted-socket'

type Make = typeof webSocket
type Subject = ReturnType<typeof subjectOf>

function subjectOf(make: Make, more: object = {}) {
  return make<unknown>({ url: 'ws://far.example/', WebSocketCtor: ScriptedSocket, ...more })
}
/** A subscriber that takes errors: without one RxJS throws them. */
const quiet = { error: () => undefined }
const stream = (subject: Subject, name = 'A') =>
  subject.multiplex(
    () => ({ sub: name }),
    () => ({ unsub: name }),
    () => true,
  )

afterEach(() => ScriptedSocket.forget())

/** What somebody sees who does the same with both. */
const differences: { title: string; see: (make: Make) => unknown; there: unknown; here: unknown }[] = [
  {
    title: 'what waits for a connection that fails',
    see: (make) => {
      const subject = subjectOf(make)
      subject.next(1)
      subject.pipe(retry(1)).subscribe(quiet)
      ScriptedSocket.last.breaks()
      return ScriptedSocket.last.opens().said
    },
    there: [],
    here: [1],
  },
  {
    title: 'what is sent while the peer closes',
    see: (make) => {
      const subject = subjectOf(make)
      subject.subscribe(quiet)
      const socket = ScriptedSocket.last.opens()
      socket.readyState = 2
      subject.next(1)
      socket.ends({ wasClean: true, code: 1001 })
      subject.subscribe(quiet)
      return ScriptedSocket.last.opens().said
    },
    there: [],
    here: [1],
  },
  {
    title: 'an error of a socket that was left already, when the next one is open',
    see: (make) => {
      const subject = subjectOf(make)
      subject.subscribe(quiet)
      const first = ScriptedSocket.last.opens()
      first.answersClose = false
      subject.complete()
      subject.subscribe(quiet)
      const second = ScriptedSocket.last.opens()
      first.errs()
      subject.next(1)
      return second.said
    },
    there: [],
    here: [1],
  },
  {
    title: 'last words of a stream whose connection was lost',
    see: (make) => {
      const subject = subjectOf(make)
      subject.pipe(retry(1)).subscribe(quiet)
      stream(subject).pipe(retry(1)).subscribe(quiet)
      ScriptedSocket.last.opens().breaks()
      return ScriptedSocket.last.opens().said
    },
    there: [{ unsub: 'A' }, { sub: 'A' }],
    here: [{ sub: 'A' }],
  },
  {
    title: 'a stream that has left before the connection was open',
    see: (make) => {
      const subject = subjectOf(make)
      subject.subscribe(quiet)
      stream(subject).subscribe(quiet).unsubscribe()
      return ScriptedSocket.last.opens().said
    },
    there: [{ sub: 'A' }, { unsub: 'A' }],
    here: [],
  },
  {
    title: 'a stream without words',
    see: (make) => {
      const subject = subjectOf(make)
      const nothing = (): undefined => undefined
      subject.multiplex(nothing, nothing, () => true).subscribe(quiet)
      return ScriptedSocket.last.opens().sent
    },
    there: [undefined],
    here: [],
  },
  {
    title: 'a stream whose first words throw',
    see: (make) => {
      const words = (): never => {
        throw new Error('no words')
      }
      const { log, ...seen } = recorder()
      subjectOf(make)
        .multiplex(
          words,
          () => undefined,
          () => true,
        )
        .subscribe(seen)
      return [log, ScriptedSocket.made.length]
    },
    there: [['error', new Error('no words')], 1],
    here: [['error', new Error('no words')], 0],
  },
  {
    title: 'a serializer that throws',
    see: (make) => {
      const serializer = (): never => {
        throw new RangeError('too deep')
      }
      const { log, ...seen } = recorder()
      const subject = subjectOf(make, { serializer })
      subject.subscribe(seen)
      ScriptedSocket.last.opens()
      subject.next(1)
      return (log[1] as Error).name
    },
    there: 'TypeError',
    here: 'RangeError',
  },
  {
    title: 'what openObserver sends, and what has waited',
    see: (make) => {
      const openObserver = { next: () => subject.next('hello') }
      const subject = subjectOf(make, { openObserver })
      subject.next('waited')
      subject.subscribe(quiet)
      return ScriptedSocket.last.opens().said
    },
    there: ['waited', 'hello'],
    here: ['hello', 'waited'],
  },
  {
    title: 'closingObserver, when the last subscriber leaves',
    see: (make) => {
      const next = jest.fn()
      const subscription = subjectOf(make, { closingObserver: { next } }).subscribe(quiet)
      ScriptedSocket.last.opens()
      subscription.unsubscribe()
      return next.mock.calls.length
    },
    there: 0,
    here: 1,
  },
  {
    title: 'how much waits',
    see: (make) => {
      const subject = subjectOf(make)
      for (let n = 0; n < 1500; n++) subject.next(n)
      subject.subscribe(quiet)
      const { said } = ScriptedSocket.last.opens()
      return [said.length, said[0]]
    },
    there: [1500, 0],
    here: [1000, 500],
  },
]

test.each(differences)('$title', ({ see, there, here }) => {
  const seenThere = see(original as unknown as Make)
  ScriptedSocket.forget()
  expect({ there: seenThere, here: see(webSocket) }).toEqual({ there, here })
})

test('an observer that throws keeps nothing from being sent, and its error is uncaught', async () => {
  const error = new Error('of the observer')
  const uncaught = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined)
  try {
    const next = (): never => {
      throw error
    }
    const subject = subjectOf(webSocket, { openObserver: { next } })
    subject.next(1)
    subject.subscribe(quiet)
    expect(ScriptedSocket.last.opens().said).toEqual([1])
    expect(uncaught.mock.calls.map(([task]) => task)).toEqual([expect.any(Function)])
    expect(uncaught.mock.calls[0][0]).toThrow(error)
  } finally {
    uncaught.mockRestore()
  }
})

test('a close code that no program may send is the error of the subscribers, and the connection closes', () => {
  const error = new RangeError('no such code')
  class Strict extends ScriptedSocket {
    override close(...args: unknown[]): void {
      if (args[0] === 1006) throw error
      super.close(...args)
    }
  }
  const { log, ...seen } = recorder()
  const subject = subjectOf(webSocket, { WebSocketCtor: Strict })
  subject.subscribe(seen)
  const socket = ScriptedSocket.last.opens()
  subject.error({ code: 1006 })
  expect(log).toEqual(['error', error])
  expect(socket.readyState).toBe(3)
})
