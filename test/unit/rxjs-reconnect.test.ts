// webSocket() that connects again by itself, and retryBackoff, in virtual time.
import { of, throwError, tap, concat, defer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { HawserError } from '../../lib'
import { type WebSocketSubjectConfig, retryBackoff, webSocket } from '../../lib/rxjs'
import { ScriptedSocket } from './support/scripted-socket'

const delays = { minDelay: 100, factor: 2, maxDelay: 400, jitter: 0 }
const regular = { ...delays, minUptime: 1000 }

/** What a letter of a script does to the newest socket. */
const acts: Record<string, () => unknown> = {
  o: () => ScriptedSocket.last.opens(),
  h: () => ScriptedSocket.last.hears('h'),
  x: () => ScriptedSocket.last.breaks(),
  s: () => ScriptedSocket.last.ends({ wasClean: true, code: 1012, reason: '' }),
  t: () => ScriptedSocket.last.ends({ wasClean: true, code: 1013, reason: '' }),
  n: () => ScriptedSocket.last.ends({ wasClean: true, code: 1000, reason: '' }),
  p: () => ScriptedSocket.last.ends({ wasClean: true, code: 4001, reason: 'policy' }),
}

afterEach(() => ScriptedSocket.forget())

function virtual(test: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(test)
}

function subjectOf(reconnect: WebSocketSubjectConfig<string>['reconnect'], more = {}) {
  return webSocket<string>({ url: 'ws://far.example/', WebSocketCtor: ScriptedSocket, reconnect, ...more })
}

/** Plays a script against a subscription to a subject, which has to do what `expected` says. */
function play(
  script: string,
  expected: string,
  reconnect: WebSocketSubjectConfig<string>['reconnect'] = regular,
  error?: unknown,
  subscription?: string,
): void {
  virtual(({ cold, expectObservable }) => {
    expectObservable(subjectOf(reconnect), subscription).toBe(expected, undefined, error)
    cold(script).subscribe((letter) => acts[letter]())
  })
}

describe('reconnect', () => {
  test('a lost connection comes back, and the subscribers notice nothing', () => {
    play('-o-h-x 100ms o-h', '---h 104ms h')
    expect(ScriptedSocket.made).toHaveLength(2)
  })

  test('each delay is longer, up to the longest', () => {
    // 100, 200, 400, 400
    play('x 100ms x 200ms x 400ms x 400ms o h', '1105ms h')
    expect(ScriptedSocket.made).toHaveLength(5)
  })

  test('a connection that lived long enough starts the count anew, a short one does not', () => {
    play('x 100ms o 1s x 100ms o 9ms x 200ms o h', '1415ms h')
  })

  test('a share of the delay is random', () => {
    const random = jest.fn(() => 0.5)
    play('x 75ms o h', '77ms h', { ...regular, jitter: 0.5, random })
    expect(random).toHaveBeenCalledTimes(1)
  })

  test('after "try again later" at least five seconds', () => {
    play('o t 5s o h', '5003ms h')
  })

  test('a server that restarts says so cleanly, and it connects again', () => {
    play('o s 100ms o h', '103ms h')
  })

  test('1000 completes', () => play('-on', '--|'))

  test('an application code is the error', () => {
    play('-op', '--#', regular, { wasClean: true, code: 4001, reason: 'policy' })
  })

  test('codes can be moved to the other side', () => {
    play('op 100ms o h', '103ms h', { ...regular, recoverableCodes: [4001] })
    ScriptedSocket.forget()
    play('-os', '--#', { ...regular, finalCodes: [1012] }, { wasClean: true, code: 1012, reason: '' })
  })

  test('gives up after as many failed attempts as allowed', () => {
    const cause = { type: 'error' }
    const error = new HawserError(
      'RETRIES_EXHAUSTED',
      'So many attempts in a row have failed as `reconnect.maxAttempts` allows; `cause` is the last of them',
      { recoverable: false, cause },
    )
    play('x 100ms x 200ms x', '302ms #', { ...regular, maxAttempts: 3 }, error)
  })

  test('an error that says it is final is', () => {
    const event = { type: 'error', error: new HawserError('TLS_CERT_EXPIRED') }
    virtual(({ cold, expectObservable }) => {
      cold('-f').subscribe(() => {
        ScriptedSocket.last.errs(event)
        ScriptedSocket.last.ends({ wasClean: false, code: 1006 })
      })
      expectObservable(subjectOf(true)).toBe('-#', undefined, event)
    })
  })

  test('the last subscriber that leaves ends the waiting', () => {
    play('x', '---', regular, undefined, '^-!')
    expect(ScriptedSocket.made).toHaveLength(1)
  })

  test('complete() while it waits ends it at once', () => {
    virtual(({ cold, expectObservable }) => {
      const subject = subjectOf(regular)
      expectObservable(subject).toBe('--|')
      cold('x').subscribe(() => acts.x())
      cold('--c').subscribe(() => subject.complete())
    })
    expect(ScriptedSocket.made).toHaveLength(1)
  })

  test('tells its states; subscribing to them does not connect', () => {
    virtual(({ cold, expectObservable }) => {
      const subject = subjectOf(regular)
      const states = { i: 'idle', c: 'connecting', o: 'connected', r: 'reconnecting', f: 'failed' }
      expectObservable(subject.connectionState$).toBe('i-co-r 100ms o f', states)
      expectObservable(subject.isConnected$).toBe('n--y-n 100ms y n', { n: false, y: true })
      cold('--c').subscribe(() => subject.subscribe({ error: () => undefined }))
      cold('---o-x 100ms o p').subscribe((letter) => acts[letter]())
    })
  })

  test('complete() leads to disconnected', () => {
    virtual(({ cold, expectObservable }) => {
      const subject = subjectOf(regular)
      const states = { i: 'idle', c: 'connecting', o: 'connected', d: 'disconnected' }
      expectObservable(subject.connectionState$).toBe('i-cod', states)
      cold('--c').subscribe(() => subject.subscribe())
      cold('---o').subscribe(() => acts.o())
      cold('----e').subscribe(() => subject.complete())
    })
  })
})

describe('what is sent', () => {
  const named = (subject: ReturnType<typeof subjectOf>, name: string) =>
    subject.multiplex(
      () => ({ sub: name }),
      () => ({ unsub: name }),
      () => true,
    )

  test('streams say their first words on each connection, then comes what has waited', () => {
    virtual(({ cold, flush }) => {
      const subject = subjectOf(regular)
      let counted = 0
      const left = named(subject, 'left').subscribe()
      named(subject, 'A').subscribe()
      subject
        .multiplex(
          () => ({ sub: ++counted }),
          () => undefined,
          () => true,
        )
        .subscribe()
      cold('o').subscribe(() => acts.o())
      cold('-x 100ms o').subscribe((letter) => acts[letter]())
      cold('--l').subscribe(() => left.unsubscribe())
      cold('--m').subscribe(() => subject.next('waited'))
      cold('--n').subscribe(() => named(subject, 'new').subscribe())
      flush()
    })
    const [first, second] = ScriptedSocket.made
    expect(first.said).toEqual([{ sub: 'left' }, { sub: 'A' }, { sub: 1 }])
    expect(second.said.map((said) => JSON.stringify(said))).toEqual([
      '{"sub":"A"}',
      '{"sub":2}',
      '"waited"',
      '{"sub":"new"}',
    ])
  })

  test('a stream whose first words throw on a later connection gets the error; the others go on', () => {
    virtual(({ cold, expectObservable }) => {
      const subject = subjectOf(regular)
      const error = new Error('no words left')
      let times = 0
      const words = (): string => {
        if (++times > 1) throw error
        return 'first words'
      }
      expectObservable(subject).toBe('103ms h')
      expectObservable(
        subject.multiplex(
          words,
          () => undefined,
          () => true,
        ),
      ).toBe('102ms #', undefined, error)
      cold('ox 100ms oh').subscribe((letter) => acts[letter]())
    })
  })

  test.each([
    ['drop-oldest', ['3', '4'], ['1', '2']],
    ['drop-newest', ['1', '2'], ['3', '4']],
  ] as const)('the queue is bounded: %s', (overflow, sent, gone) => {
    const dropped: string[] = []
    const droppedObserver = { next: (value: string) => dropped.push(value) }
    const subject = subjectOf(true, { queue: { maxMessages: 2, overflow }, droppedObserver })
    for (const value of ['1', '2', '3', '4']) subject.next(value)
    const subscription = subject.subscribe()
    expect(ScriptedSocket.last.opens().said).toEqual(sent)
    expect(dropped).toEqual(gone)
    subscription.unsubscribe()
  })

  test('what waits when the last subscriber leaves is dropped, and told', () => {
    const dropped: string[] = []
    const subject = subjectOf(true, { droppedObserver: { next: (value: string) => dropped.push(value) } })
    subject.next('1')
    subject.subscribe().unsubscribe()
    expect(dropped).toEqual(['1'])
  })
})

describe('linger', () => {
  test('who comes back in time finds the connection', () => {
    virtual(({ cold, expectObservable }) => {
      const subject = subjectOf(false, { linger: 50 })
      expectObservable(subject, '^--!').toBe('--h')
      expectObservable(subject, '-- 40ms ^').toBe('--- 60ms h')
      cold('o-h 60ms h').subscribe((letter) => acts[letter]())
    })
    expect(ScriptedSocket.made).toHaveLength(1)
    expect(ScriptedSocket.last.closes).toEqual([])
  })

  test('then it closes', () => {
    virtual(({ cold, expectObservable }) => {
      const subject = subjectOf(false, { linger: 50 })
      expectObservable(subject, '^--!').toBe('---')
      cold('o').subscribe(() => acts.o())
      cold('52ms a-b').subscribe((letter) => {
        expect([letter, ScriptedSocket.last.closes.length]).toEqual([letter, letter === 'a' ? 0 : 1])
      })
    })
    expect(ScriptedSocket.last.readyState).toBe(3)
  })
})

test('a connection that ends while it lingers leaves nothing behind', () => {
  virtual(({ cold, expectObservable }) => {
    const subject = subjectOf(false, { linger: 50 })
    expectObservable(subject, '^--!').toBe('---')
    cold('o---n').subscribe((letter) => acts[letter]())
    cold('70ms n').subscribe(() => subject.next('for the next one'))
    expectObservable(subject, '80ms ^').toBe('80ms -')
  })
  expect(ScriptedSocket.made.map(({ closes }) => closes.length)).toEqual([0, 0])
  expect(ScriptedSocket.last.opens().said).toEqual(['for the next one'])
})

describe('retryBackoff', () => {
  const fails = (error: unknown, times = Infinity, then = of('a')) => {
    let failed = 0
    return defer(() => (failed++ < times ? throwError(() => error) : then))
  }

  test('waits longer each time', () => {
    virtual(({ expectObservable }) => {
      expectObservable(fails('no', 4).pipe(retryBackoff(delays))).toBe('1100ms (a|)')
    })
  })

  test('the error goes on after so many attempts', () => {
    virtual(({ expectObservable }) => {
      const stream = fails('no').pipe(retryBackoff({ ...delays, maxAttempts: 3 }))
      expectObservable(stream).toBe('300ms #', undefined, 'no')
    })
  })

  test('a value starts the count anew', () => {
    virtual(({ expectObservable }) => {
      let subscriptions = 0
      const stream = defer(() =>
        concat(
          ++subscriptions === 3 ? of('a') : [],
          throwError(() => 'no'),
        ),
      ).pipe(retryBackoff({ ...delays, maxAttempts: 3 }))
      expectObservable(stream).toBe('300ms a 299ms #', undefined, 'no')
    })
  })

  test.each([
    [new HawserError('TLS_CERT_EXPIRED'), 1],
    [{ type: 'error', error: new HawserError('TLS_CERT_EXPIRED') }, 1],
    [new HawserError('CONNECTION_REFUSED'), 2],
    [{ code: 1006, wasClean: false }, 2],
    ['words', 2],
  ])('%p makes %i attempts of two', (error, attempts) => {
    let tried = 0
    const stream = fails(error).pipe(
      tap({ subscribe: () => tried++ }),
      retryBackoff({ ...delays, maxAttempts: 2 }),
    )
    virtual(({ expectObservable }) => {
      expectObservable(stream).toBe(attempts === 1 ? '#' : '100ms #', undefined, error)
    })
    expect(tried).toBe(attempts)
  })

  test('retryIf decides instead', () => {
    virtual(({ expectObservable }) => {
      const stream = fails('no').pipe(retryBackoff({ ...delays, retryIf: (error) => error !== 'no' }))
      expectObservable(stream).toBe('#', undefined, 'no')
    })
  })
})

test.each([
  [{ reconnect: 1 }, 'INVALID_OPTION'],
  [{ reconnect: { minDelay: 0 } }, 'INVALID_OPTION'],
  [{ reconnect: { minDelay: 10, maxDelay: 5 } }, 'INVALID_OPTION'],
  [{ reconnect: { minDeley: 10 } }, 'INVALID_OPTION'],
  [{ reconnect: { finalCodes: [99] } }, 'INVALID_OPTION'],
  [{ queue: { maxMessages: -1 } }, 'INVALID_OPTION'],
  [{ queue: { overflow: 'reject' } }, 'INVALID_OPTION'],
  [{ linger: -1 }, 'INVALID_OPTION'],
])('%j is refused', (config, code) => {
  expect(() => subjectOf(undefined, config)).toThrow(expect.objectContaining({ code }) as Error)
})
