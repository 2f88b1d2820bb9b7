// webSocket() in any order of events: every message is sent once or told as dropped, in order on each connection; streams
// say their first words once a connection; nobody hears anything after the end; one connection at a time is in use.
import type { Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { webSocket } from '../../lib/rxjs'
import { Random } from '../support/random'
import { ScriptedSocket } from './support/scripted-socket'

afterEach(() => ScriptedSocket.forget())

function session(random: Random, reconnect: boolean, linger: number): void {
  const dropped: number[] = []
  const wrong: string[] = []
  const subject = webSocket<number | { sub: number } | { unsub: number }>({
    url: 'ws://far.example/',
    WebSocketCtor: ScriptedSocket,
    reconnect: reconnect && { minDelay: 3, maxDelay: 9, minUptime: 5, random: () => random.below(100) / 100 },
    queue: { maxMessages: 4, overflow: random.below(2) === 0 ? 'drop-oldest' : 'drop-newest' },
    droppedObserver: { next: (value) => dropped.push(value as number) },
    linger,
  })
  const here: Subscription[] = []
  let posted = 0
  let streams = 0
  let finished = 0
  const listen = (stream: typeof subject | ReturnType<typeof subject.multiplex>): void => {
    let over = false
    const end = (): void => {
      if (over) wrong.push('a second end')
      over = true
    }
    here.push(stream.subscribe({ next: () => over && wrong.push('late'), error: end, complete: end }))
  }
  const last = (): ScriptedSocket | undefined => ScriptedSocket.made.at(-1)
  const when = (states: number[], act: (socket: ScriptedSocket) => unknown) => () => {
    const socket = last()
    if (socket !== undefined && states.includes(socket.readyState)) act(socket)
  }
  const acts: (() => unknown)[] = [
    () => listen(subject),
    () => {
      const n = ++streams
      listen(
        subject.multiplex(
          () => ({ sub: n }),
          () => ({ unsub: n }),
          () => true,
        ),
      )
    },
    () => here.splice(random.below(here.length + 1), 1)[0]?.unsubscribe(),
    () => subject.next(++posted),
    () => subject.next(++posted),
    when([0], (socket) => socket.opens()),
    when([0], (socket) => socket.opens()),
    when([0, 1], (socket) => socket.breaks()),
    when([1], (socket) =>
      socket.ends({ wasClean: true, code: random.below(2) === 0 ? 1000 : 1012, reason: '' }),
    ),
    when([1], (socket) => (socket.readyState = 2)),
    when([2], (socket) => socket.ends({ wasClean: true, code: 1001, reason: '' })),
    when([1], (socket) => socket.hears('heard')),
    when([0, 1], (socket) => (socket.answersClose = false)),
    () => {
      if (random.below(8) > 0) return
      finished++
      if (random.below(2) === 0) subject.complete()
      else subject.error({ code: 4000 })
    },
  ]
  new TestScheduler(() => true).run(({ cold, flush }) => {
    cold(`${'a'.repeat(120)}|`).subscribe(() => acts[random.below(acts.length)]())
    flush()
  })

  const { made } = ScriptedSocket
  const sent: number[] = []
  for (const socket of made) {
    const numbers = socket.said.filter((value) => typeof value === 'number')
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    sent.push(...numbers)
    const words = socket.sent.filter((text) => text.startsWith('{'))
    expect(new Set(words).size).toBe(words.length)
    for (const text of words.filter((word) => word.startsWith('{"unsub"'))) {
      expect(words.indexOf(text.replace('unsub', 'sub'))).toBeLessThan(words.indexOf(text))
      expect(words).toContain(text.replace('unsub', 'sub'))
    }
  }
  // One connection in use at a time: all before the last one are left, or wait to be open to say what came before complete().
  const open = made.slice(0, -1).filter(({ readyState, closes }) => readyState < 2 && closes.length === 0)
  expect(open.filter(({ readyState }) => readyState === 1)).toHaveLength(0)
  expect(open.length).toBeLessThanOrEqual(finished)
  const told = [...sent, ...dropped].sort((a, b) => a - b)
  expect(new Set(told).size).toBe(told.length)
  // At most a queue is left, and one for each complete().
  expect(posted - told.length).toBeLessThanOrEqual(4 * (1 + finished))
  expect(wrong).toEqual([])
  for (const subscription of here) subscription.unsubscribe()
}

test.each([
  [true, 0],
  [true, 4],
  [false, 0],
  [false, 4],
])('reconnect %s, linger %i', (reconnect, linger) => {
  const random = new Random()
  for (let i = 0; i < 60; i++) {
    session(random, reconnect, linger)
    ScriptedSocket.forget()
  }
})
