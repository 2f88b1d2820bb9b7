// The states of a client on the portable engine, with the times passed in: what the machine asks for, step by step.
import { ClientMachine } from '../../lib/client/portable/client-machine'
import type { MachineSettings } from '../../lib/client/portable/machine-start'
import { TokenMachine } from '../../lib/client/portable/token-machine'
import { Endpoints, DialRound, Strategy } from '../../lib/client/portable/endpoints'
import {
  type Outcome,
  type ReconnectPolicy,
  adapted,
  judge,
  nextDelay,
  pauseAfter,
} from '../../lib/client/portable/reconnect-policy'

const policy: ReconnectPolicy = {
  enabled: true,
  minDelay: 1_000,
  maxDelay: 30_000,
  factor: 2,
  jitter: 0,
  maxAttempts: 0,
  minUptime: 5_000,
  adaptive: true,
  recoverableCodes: [],
  finalCodes: [],
}
const end = (closeCode: number, more: Partial<Outcome> = {}): Outcome => ({ closeCode, ...more })
const refused: Outcome = { error: 'CONNECTION_FAILED' }

/** What the machine has asked for, in short. */
let said: string[] = []

function machine<M extends ClientMachine = ClientMachine>(
  more: Partial<ReconnectPolicy> = {},
  settings: Partial<MachineSettings> = {},
  Machine = ClientMachine as new (...args: ConstructorParameters<typeof ClientMachine>) => M,
): M {
  said = []
  return new Machine(
    {
      policy: { ...policy, ...more },
      closeTimeout: 15_000,
      connectTimeout: 20_000,
      ...settings,
    },
    () => 0.5,
    {
      entered: (state, delay, _why, exhausted) =>
        said.push([state, delay > 0 ? delay : '', exhausted ? 'exhausted' : ''].filter(Boolean).join(' ')),
      tokenWanted: (why) => said.push(`token ${why}`),
      beginRound: () => said.push('dial'),
      dropRound: (timedOut) => said.push(timedOut ? 'drop-dials timed out' : 'drop-dials'),
      closeLink: () => said.push('close'),
      dropLink: () => said.push('drop'),
    },
  )
}
/** What a step asks for. */
function words(step: () => unknown): string[] {
  said = []
  step()
  return said
}

test('connects, loses the link, comes back; the delay doubles until a link has lasted', () => {
  const m = machine()
  expect(words(() => m.connect(0))).toEqual(['connecting', 'dial'])
  expect(words(() => m.connect(1))).toEqual([])
  expect(words(() => m.dialOpened(10))).toEqual(['connected'])
  expect(words(() => m.linkClosed(20, end(1006)))).toEqual(['reconnecting 1000'])
  expect(m.deadline).toBe(1_020)
  expect(words(() => m.timer(1_019))).toEqual([])
  expect(words(() => m.timer(1_020))).toEqual(['dial'])
  expect(words(() => m.dialFailed(1_030, refused))).toEqual(['reconnecting 2000'])
  expect(words(() => m.timer(3_030))).toEqual(['dial'])
  expect(words(() => m.dialOpened(3_040))).toEqual(['connected'])
  expect(words(() => m.linkClosed(9_000, end(1012)))).toEqual(['reconnecting 1000'])
})

test('what comes when it is not waited for changes nothing', () => {
  const m = machine()
  m.connect(0)
  expect(words(() => m.reconnect(1))).toEqual(['drop-dials', 'dial'])
  expect([m.dialOpened(2), m.dialOpened(3)]).toEqual([true, false])
  expect(words(() => m.dialFailed(4, refused))).toEqual([])
  m.disconnect(5, 1000, '')
  expect(words(() => m.linkClosed(6, end(1000)))).toEqual(['disconnected'])
  expect(words(() => m.linkClosed(7, end(1006)))).toEqual([])
  expect(m.state).toBe('disconnected')
})

test('maxAttempts counts failures in a row; the loss of a link that lasted is none', () => {
  const m = machine({ maxAttempts: 2, minUptime: 5 })
  m.connect(0)
  m.dialOpened(0)
  expect(words(() => m.linkClosed(10, end(1006)))).toEqual(['reconnecting 1000'])
  m.timer(1_010)
  expect(words(() => m.dialFailed(1_020, refused))).toEqual(['reconnecting 2000'])
  m.timer(3_020)
  expect(words(() => m.dialFailed(3_030, refused))).toEqual(['failed exhausted'])
  expect(words(() => m.connect(4_000))).toEqual(['connecting', 'dial'])
})

test('tokens: asked for before the first dial, again when refused, once', () => {
  const m = machine({}, {}, TokenMachine)
  expect(words(() => m.connect(0))).toEqual(['connecting', 'token connect'])
  expect(words(() => m.tokenReady(1))).toEqual(['dial'])
  const no = { error: 'POLICY_VIOLATION', authRejected: true } as const
  expect(words(() => m.dialFailed(2, no))).toEqual(['token refused'])
  m.tokenReady(3)
  expect(words(() => m.dialFailed(4, no))).toEqual(['failed'])
  m.connect(5)
  m.tokenReady(5)
  m.dialOpened(6)
  m.tokenExpired()
  m.linkClosed(7, end(1006))
  expect(words(() => m.timer(2_000))).toEqual(['token expired'])
  expect(words(() => m.timer(12_000))).toEqual(['reconnecting 2000'])
  expect(words(() => m.tokenFailed(12_001, true))).toEqual([])
})

test('a server that refuses each new token at once is not asked without a pause', () => {
  const m = machine({ minUptime: 0 }, {}, TokenMachine)
  m.connect(0)
  m.tokenReady(0)
  m.dialOpened(1)
  expect(words(() => m.linkClosed(2, end(4401)))).toEqual(['reconnecting', 'token refused'])
  m.tokenReady(3)
  m.dialOpened(4)
  expect(words(() => m.linkClosed(5, end(4401)))).toEqual(['reconnecting 1000'])
  expect(words(() => m.timer(1_005))).toEqual(['token refused'])
  m.tokenReady(1_006)
  m.dialOpened(1_007)
  expect(words(() => m.linkClosed(3_000, end(4401)))).toEqual(['reconnecting', 'token refused'])
})

test('a source of tokens that fails for good is the end; a dial that may have failed for its token asks once', () => {
  const m = machine({}, {}, TokenMachine)
  m.connect(0)
  expect(words(() => m.tokenFailed(1, true))).toEqual(['failed'])
  m.connect(2)
  m.tokenReady(3)
  m.suspectToken()
  m.dialFailed(4, refused)
  expect(words(() => m.timer(1_004))).toEqual(['token refused'])
  m.tokenReady(1_005)
  m.suspectToken()
  m.dialFailed(1_006, refused)
  expect(words(() => m.timer(m.deadline))).toEqual(['dial'])
})

test('offline: attempts wait as long as they may, and a network ends the wait', () => {
  const m = machine()
  m.offline = true
  m.connect(0)
  expect(words(() => m.dialFailed(1, refused))).toEqual(['reconnecting 30000'])
  m.wake(2)
  expect(m.deadline).toBe(30_001)
  m.offline = false
  m.wake(100)
  // Half of a second, by the random number of the test.
  expect(m.deadline).toBe(600)
  expect(words(() => m.timer(600))).toEqual(['dial'])
})

test('disconnect() gives up a delay, and does not wait for ever for a close', () => {
  const m = machine()
  m.connect(0)
  m.dialFailed(1, refused)
  expect(words(() => m.disconnect(2, 1000, ''))).toEqual(['disconnected'])
  m.connect(3)
  m.dialOpened(4)
  expect(words(() => m.disconnect(5, 1000, 'bye'))).toEqual(['disconnecting', 'close'])
  expect(words(() => m.timer(15_005))).toEqual(['drop', 'disconnected'])
  m.connect(16_000)
  m.dialOpened(16_001)
  m.disconnect(16_002, 1000, '')
  expect(words(() => m.reconnect(16_003))).toEqual(['drop', 'disconnected', 'connecting', 'dial'])
})

test('no dial opens in time', () => {
  const m = machine()
  m.connect(0)
  expect(words(() => m.timer(20_000))).toEqual(['drop-dials timed out', 'reconnecting 1000'])
})

test.each([
  [1000, 'final'],
  [1001, 'recover'],
  [1002, 'final'],
  [1005, 'recover'],
  [1006, 'recover'],
  [1008, 'final'],
  [1011, 'recover'],
  [1012, 'recover'],
  [1013, 'recover'],
  [1014, 'recover'],
  [3000, 'refresh'],
  [3003, 'refresh'],
  [4000, 'final'],
  [4401, 'refresh'],
  [4403, 'refresh'],
])('close code %i: %s', (code, verdict) => {
  expect(judge(policy, end(code))).toBe(verdict)
  expect(judge({ ...policy, finalCodes: [code], recoverableCodes: [code] }, end(code))).toBe('final')
  expect(judge({ ...policy, recoverableCodes: [code] }, end(code))).toBe('recover')
})

test('"try again later" is honoured, unless there is another endpoint', () => {
  expect(pauseAfter(end(1013))).toBe(5_000)
  expect(pauseAfter(end(1013, { alternative: true }))).toBe(0)
  expect(judge(policy, end(1006, { error: 'MESSAGE_TOO_BIG' }))).toBe('final')
  expect(judge(policy, { ...refused, hopeless: true })).toBe('final')
})

test('delays: the factor, the bound, the share that is random, and what the server asks for', () => {
  expect([1, 2, 3, 9].map((n) => nextDelay(policy, n, 0.9))).toEqual([1_000, 2_000, 4_000, 30_000])
  const half = { ...policy, jitter: 0.5 }
  expect([0, 0.5, 1].map((random) => nextDelay(half, 2, random))).toEqual([1_000, 1_500, 2_000])
  expect(nextDelay(half, 1, 0.5, 5_000)).toBe(5_250)
})

test('an endpoint that nearly always opens is tried sooner and more often, one that never does later and less', () => {
  const some = { ...policy, maxAttempts: 10 }
  const always = { opened: 8, failed: 0, successRate: 1, latency: 1 }
  expect(adapted(some, { ...always, opened: 7 })).toBe(some)
  expect(adapted(some, always)).toMatchObject({ minDelay: 250, maxAttempts: 15 })
  expect(adapted(some, { ...always, opened: 0, failed: 8, successRate: 0 })).toMatchObject({
    minDelay: 4_000,
    maxAttempts: 5,
  })
})

describe('endpoints', () => {
  test('three failures in a row put one out, for longer each time, until a probe opens', () => {
    const all = new Endpoints(2, Strategy.failover, 5_000)
    const fail = (now: number): void => {
      all.onDial(0)
      all.onFailed(0, now)
    }
    expect(all.choose(0).order).toEqual([0, 1])
    fail(0)
    // One that failed a moment ago goes behind the other.
    expect(all.choose(1).order).toEqual([1, 0])
    fail(1)
    fail(2)
    expect(all.choose(3).order).toEqual([1])
    expect(all.choose(10_002).order).toEqual([0, 1])
    fail(10_003)
    expect(all.choose(20_004).order).toEqual([1])
    expect(all.choose(30_003).order).toEqual([0, 1])
    all.onDial(0)
    all.onOpened(0, 20)
    expect(all.choose(30_004).order).toEqual([0, 1])
  })

  test('in turn, and by latency', () => {
    const turns = new Endpoints(3, Strategy.roundRobin, 0)
    expect([0, 1, 2, 3].map((now) => turns.choose(now).order[0])).toEqual([0, 1, 2, 0])
    const fast = new Endpoints(2, Strategy.latency, 0)
    for (const [index, latency] of [
      [0, 80],
      [1, 20],
    ]) {
      fast.onDial(index)
      fast.onOpened(index, latency)
    }
    expect(fast.choose(1).order).toEqual([1, 0])
  })

  test('a silent dial gets company, a failed one at once; the best outcome is the result', () => {
    const round = new DialRound()
    const verdictOn = (how: Outcome) => judge(policy, how)
    round.begin({ order: [4, 5, 6], step: 100 }, 0)
    expect([round.next(0), round.next(0), round.deadline]).toEqual([4, undefined, 100])
    expect([round.next(100), round.next(100)]).toEqual([5, undefined])
    round.onFailed(5, refused, verdictOn)
    expect(round.next(101)).toBe(6)
    round.onFailed(4, { error: 'POLICY_VIOLATION', authRejected: true } as const, verdictOn)
    expect(round.failed).toBe(false)
    round.onFailed(6, refused, verdictOn)
    expect(round.failed).toBe(true)
    expect(round.result?.error).toBe('POLICY_VIOLATION')
  })
})
