// Connections of the HTTP fallback and time: who reads nothing, who reads slowly, who has nothing to do.
import { Channel } from '../../lib/native/channel'
import { In, Out } from '../../lib/native/records'
import { Fallback } from '../../lib/server/fallback/fallback'
import { UpgradeRequest } from '../../lib/server/upgrade-request'
import { FakeRuntime, turn } from './support/fake-native'
import { requestFields } from './support/sockets'

const options = { maxSessions: 4, maxBody: 1000, interval: 20_000, grace: 10_000 }
const slot = 3

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
})
afterEach(() => {
  jest.useRealTimers()
})

interface Rig {
  /** How the connection was ended: with what waits, or at once. */
  ends(): string[]
  /** Bytes of answers so far. */
  given(): number
  /** The kernel takes some. */
  taken(bytes: number): void
  ask(): Promise<void>
  pass(milliseconds: number): Promise<void>
}

/** A connection that asked for a page of so many bytes. */
async function rig(page: number): Promise<Rig> {
  const runtime = new FakeRuntime(() => channel.drain())
  const channel = new Channel(0, runtime, 4096, 1 << 20, 16, 1 << 20, setImmediate, () => {})
  const ends: string[] = []
  let given = 0
  const look = (): void => {
    for (const { kind, aux, data } of runtime.reactor.take()) {
      if (kind === Out.pipe_data) given += data.length
      if (kind === Out.pipe_end) ends.push(aux === 0 ? 'behind the rest' : 'at once')
    }
  }
  const fallback = new Fallback(options, {
    origins: [],
    takes: () => true,
    page: () => ({ status: 200, headers: [], body: 'x'.repeat(page), accept: false }),
    handleUpgrade: () => undefined,
  })
  expect(fallback.carry(channel, slot, new UpgradeRequest(requestFields()))).toBe(true)
  const pass = async (milliseconds: number): Promise<void> => {
    jest.advanceTimersByTime(milliseconds)
    await turn()
    look()
  }
  const ask = async (): Promise<void> => {
    runtime.reactor.deliver(In.pipe_write, slot, { data: 'GET /page HTTP/1.1\r\nHost: x\r\n\r\n' })
    await turn()
    await pass(0)
  }
  return {
    ends: () => ends,
    given: () => given,
    taken: (bytes) => runtime.reactor.deliver(In.pipe_ack, slot, { aux: bytes }),
    ask,
    pass,
  }
}

test('a connection without a request is ended after a while', async () => {
  const { ends, pass } = await rig(10)
  await pass(14_000)
  expect(ends()).toEqual([])
  await pass(3_000)
  expect(ends()).toEqual(['behind the rest'])
  await pass(60_000)
  expect(ends()).toEqual(['behind the rest'])
})

test.each([
  ['much', 400_000],
  ['little', 1_000],
])('who reads nothing of %s is dropped in the time of a session', async (_name, size) => {
  const { ask, ends, given, pass } = await rig(size)
  await ask()
  expect(given()).toBeGreaterThan(900)
  await pass(29_000)
  expect(ends()).toEqual([])
  await pass(3_000)
  expect(ends()).toEqual(['at once'])
})

test('who reads slowly gets all of it, and is idle from then on', async () => {
  const { ask, ends, given, pass, taken } = await rig(400_000)
  await ask()
  let read = 0
  while (read < 400_000 || read < given()) {
    await pass(14_000)
    expect(ends()).toEqual([])
    const some = Math.min(25_000, given() - read)
    taken(some)
    read += some
  }
  await pass(14_000)
  expect(ends()).toEqual([])
  await pass(3_000)
  expect(ends()).toEqual(['behind the rest'])
})
