// A client of the portable engine without its network, with the times passed in: links, heartbeats, batches, the end.
import type { EngineSend, StateChange } from '../../lib/client/engine'
import { plain } from '../../lib/client/outgoing'
import { ClientCore, type CoreSettings } from '../../lib/client/portable/client-core'

const settings: CoreSettings = {
  policy: {
    enabled: true,
    minDelay: 100,
    maxDelay: 1_000,
    factor: 2,
    jitter: 0,
    maxAttempts: 0,
    minUptime: 0,
    adaptive: false,
    recoverableCodes: [],
    finalCodes: [],
  },
  usesTokens: false,
  closeTimeout: 1_000,
  connectTimeout: 10_000,
  endpoints: 1,
  strategy: 0,
  queue: { maxMessages: 10, maxBytes: 1_000, overflow: 0, ackTimeout: 50, retries: 1, ttl: 0 },
  maxRequests: 10,
  acks: 0,
  batch: { max: 0, every: 0, always: false },
  leaveTimeout: 1_000,
  dialTimeout: 500,
  gated: false,
  heartbeat: { interval: 0, timeout: 0, always: false },
  tokenInUrl: false,
}

function rig(more: Partial<CoreSettings> = {}) {
  const said: string[] = []
  const sent: unknown[] = []
  const room = { left: 1_000 }
  const core = new ClientCore(
    { ...settings, ...more },
    {
      dial: (link, endpoint) => said.push(`dial ${link} to ${endpoint}`),
      close: (link, code) => said.push(`close ${link} with ${code}`),
      drop: (link) => said.push(`drop ${link}`),
      transmit: (_link, data) => sent.push(data),
      room: () => room.left,
      state: ({ state, error }: StateChange) => said.push([state, error?.code].filter(Boolean).join(' ')),
      tokenWanted: (why) => said.push(`token ${why}`),
      settled: (token, how) => said.push(`${token} ${how}`),
      dropped: (why) => said.push(`dropped ${why}`),
      storedDone: (key) => said.push(`done ${key}`),
      wallClock: () => 1_000,
    },
    () => 0,
    0,
  )
  const send = (data: string, how: Partial<EngineSend> = {}, now = 0): boolean =>
    core.sender().send({ ...plain, joinable: true, data, ...how }, now)
  /** What was said since. */
  const heard = (): string[] => said.splice(0)
  const open = (link = 1, protocol = 'hawser.v1', now = 0): void => {
    core.connect(now)
    core.keeper().linkOpened(link, protocol, now)
    heard()
  }
  return { core, said, sent, room, send, heard, open }
}

test('a dial that does not open in time is dropped; the next begins after the delay', () => {
  const { core, heard } = rig()
  core.connect(0)
  expect(heard()).toEqual(['connecting', 'dial 1 to 0'])
  expect(core.deadline).toBe(500)
  core.timer(500)
  expect(heard()).toEqual(['drop 1', 'reconnecting CONNECT_TIMEOUT'])
  core.timer(core.deadline)
  expect(heard()).toEqual(['dial 2 to 0'])
  core.keeper().linkOpened(1, '', 700)
  expect(heard()).toEqual(['drop 1'])
  core.keeper().linkOpened(2, '', 700)
  expect(heard()).toEqual(['connected'])
})

test('an endpoint that is silent gets company; the first to open wins, the other is dropped', () => {
  const { core, heard } = rig({ endpoints: 2, dialTimeout: 0 })
  core.connect(0)
  core.timer(3_000)
  expect(heard()).toEqual(['connecting', 'dial 1 to 0', 'dial 2 to 1'])
  core.keeper().linkOpened(2, '', 3_001)
  expect(heard()).toEqual(['drop 1', 'connected'])
})

test('messages go while there is room, then when the link has let go of some', () => {
  const { core, room, send, sent, open } = rig()
  open()
  room.left = 1
  send('a')
  expect(sent).toEqual(['a'])
  room.left = 0
  send('b')
  expect(sent).toEqual(['a'])
  room.left = 100
  core.sender().linkFlushed(1, 1, 1)
  expect(sent).toEqual(['a', 'b'])
  expect(core.sender().inside).toEqual({ bytes: 1, messages: 1 })
})

test('what the kernel has not taken goes again on the next link, a request that it has is lost', () => {
  const { core, sent, send, heard, open } = rig()
  open()
  send('ask', { id: 'q', token: 7, requestTimeout: 1_000 })
  core.sender().linkFlushed(1, 1, 1)
  send('a')
  core.keeper().linkEnded(1, { error: 'CONNECTION_LOST', closeCode: 1006, reason: '', detail: '' }, 10)
  expect(heard()).toEqual(['7 connection_lost', 'reconnecting CONNECTION_LOST'])
  core.timer(110)
  core.keeper().linkOpened(2, 'hawser.v1', 120)
  expect(sent).toEqual(['ask', 'a', 'a'])
})

test('heartbeats: sent, answered, missed', () => {
  const { core, sent, heard, open } = rig({ heartbeat: { interval: 100, timeout: 30, always: false } })
  open()
  expect(core.deadline).toBe(100)
  core.timer(100)
  expect(sent).toEqual(['{"type":"heartbeat","timestamp":1000}'])
  expect(core.keeper().onHeartbeatAck(112)).toBe(12)
  expect(core.keeper().onHeartbeatAck(113)).toBeUndefined()
  expect([core.keeper().latency, core.deadline]).toEqual([12, 200])
  core.timer(200)
  expect(core.deadline).toBe(230)
  core.timer(230)
  expect(heard()).toEqual(['drop 1', 'reconnecting HEARTBEAT_TIMEOUT'])
})

test('heartbeats: a timer that was held back gives the answer its time once more', () => {
  const { core, heard, open } = rig({ heartbeat: { interval: 100, timeout: 30, always: false } })
  open()
  core.timer(100)
  core.timer(60_000)
  expect([heard(), core.deadline]).toEqual([[], 60_030])
  core.timer(60_030)
  expect(heard()).toEqual(['drop 1', 'reconnecting HEARTBEAT_TIMEOUT'])
})

test('heartbeats: the network and the page ask for one at once; servers that do not know them get none', () => {
  const { core, sent, open } = rig({ heartbeat: { interval: 100, timeout: 30, always: false } })
  open()
  core.keeper().setOffline(true, 10)
  core.timer(core.deadline)
  expect(sent.length).toBe(1)
  const other = rig({ heartbeat: { interval: 100, timeout: 30, always: false } })
  other.open(1, '')
  other.core.keeper().wake(10)
  other.core.timer(1_000)
  expect(other.sent).toEqual([])
})

const lost = { error: 'CONNECTION_LOST', closeCode: 1006, reason: '', detail: '' } as const

test('rooms: a new link is held until the joins have gone ahead on it', () => {
  const { core, sent, send, heard, open } = rig({ heartbeat: { interval: 100, timeout: 30, always: false } })
  open()
  send('unacked', { id: 'u', acked: true, priority: 0 })
  core.sender().linkFlushed(1, 1, 1)
  core.sender().wantRooms(true, 0, 1)
  send('at once')
  core.keeper().linkEnded(1, lost, 10)
  core.timer(110)
  core.keeper().linkOpened(2, 'hawser.v1', 120)
  send('new', { priority: 0 }, 130)
  core.timer(220)
  core.sender().linkFlushed(2, 0, 221)
  expect(sent.splice(0)).toEqual(['unacked', 'at once', '{"type":"heartbeat","timestamp":1000}'])
  expect(send('late', { id: 'l', token: 7, requestTimeout: 50, link: 1 }, 222)).toBe(false)
  expect(send('join', { id: 'j', token: 8, requestTimeout: 50, link: 2 }, 222)).toBe(true)
  expect(send('said', { token: 9, link: 2 }, 222)).toBe(true)
  core.sender().wantRooms(true, 1, 223)
  expect(sent.splice(0)).toEqual(['join', 'said'])
  core.sender().wantRooms(true, 2, 224)
  expect(sent.splice(0)).toEqual(['unacked', 'new', 'at once'])
  expect(heard().slice(-2)).toEqual(['7 connection_lost', '9 done'])
  core.keeper().linkEnded(2, lost, 225)
  expect(heard()[0]).toBe('8 connection_lost')
})

test('rooms: the token comes before them; none that is wanted any more holds nothing', () => {
  const { core, sent, send, heard } = rig({ gated: true, maxRequests: 1 })
  core.sender().wantRooms(true, 0, 0)
  core.connect(0)
  core.keeper().linkOpened(1, 'hawser.v1', 1)
  expect(send('join', { id: 'j', token: 1, requestTimeout: 50, link: 1 }, 2)).toBe(false)
  core.keeper().onAuth(true, '', 3)
  send('a')
  expect(send('join', { id: 'j', token: 2, requestTimeout: 50, link: 1 }, 4)).toBe(true)
  expect(send('join', { id: 'k', token: 3, requestTimeout: 50, link: 1 }, 4)).toBe(false)
  expect(sent).toEqual(['join'])
  expect(heard().slice(-3)).toEqual(['1 connection_lost', 'connected', '3 queue_full'])
  core.sender().wantRooms(false, 0, 5)
  expect(sent).toEqual(['join', 'a'])
})

test('a token that is the first message: messages wait for its answer, a refusal asks for another one', () => {
  const { core, sent, send, heard } = rig({ usesTokens: true })
  core.connect(0)
  expect(heard()).toEqual(['connecting', 'token connect'])
  core.setToken(1, 'auth 1')
  core.keeper().linkOpened(1, 'hawser.v1', 2)
  send('a')
  expect([sent, heard()]).toEqual([['auth 1'], ['dial 1 to 0']])
  expect(core.keeper().onAuth(false, 'no', 3)).toBe(true)
  expect(heard()).toEqual(['drop 1', 'token refused'])
  core.setToken(4, 'auth 2')
  core.keeper().linkOpened(2, 'hawser.v1', 5)
  core.keeper().onAuth(true, '', 6)
  expect([sent.slice(1), heard()]).toEqual([
    ['auth 2', 'a'],
    ['dial 2 to 0', 'connected'],
  ])
  expect(core.keeper().onAuth(true, '', 7)).toBe(false)
})

test('batches: full ones go, others in time, those of high priority at once and take along what waits', () => {
  const { core, sent, send, open } = rig({ batch: { max: 3, every: 50, always: false } })
  open()
  send('1', {}, 10)
  send('2', {}, 20)
  expect([sent, core.deadline]).toEqual([[], 60])
  send('3', {}, 30)
  expect(sent.splice(0)).toEqual(['{"type":"batch","payload":[1,2,3]}'])
  send('4', {}, 40)
  core.timer(90)
  expect(sent.splice(0)).toEqual(['4'])
  send('5', {}, 100)
  send('6', { priority: 0 }, 101)
  expect(sent.splice(0)).toEqual(['6'])
  send('7', { joinable: false }, 102)
  expect(sent.splice(0)).toEqual(['5', '7'])
  expect(core.sender().counters).toMatchObject({ batches: 1, messagesOut: 7 })
})

test('leave: what was sent goes out first, what waits for an ack is given up', () => {
  const { core, send, heard, open } = rig()
  open()
  send('a', { id: 'x', acked: true, token: 1 })
  core.leave(5)
  expect(heard()).toEqual(['disconnecting'])
  core.sender().linkFlushed(1, 1, 6)
  expect(core.left(6)).toBe(true)
  expect(heard()).toEqual(['drop 1', '1 closed'])
  expect(core.sender().send({ ...plain, token: 2 }, 7)).toBe(false)
  expect(heard()).toEqual(['2 closed'])
})

test('what comes of a link that is not waited for any more changes nothing', () => {
  const { core, heard } = rig()
  const lost = { closeCode: 1006, reason: '', detail: '' }
  core.connect(0)
  core.reconnect(1)
  expect(heard()).toEqual(['connecting', 'dial 1 to 0', 'drop 1', 'dial 2 to 0'])
  core.keeper().linkOpened(1, 'hawser.v1', 2)
  core.keeper().linkEnded(1, lost, 3)
  core.keeper().linkOpened(2, 'hawser.v1', 4)
  core.keeper().linkEnded(1, lost, 5)
  expect(heard()).toEqual(['drop 1', 'connected'])
  core.reconnect(6)
  core.keeper().linkEnded(2, lost, 7)
  expect(heard()).toEqual(['drop 2', 'reconnecting', 'dial 3 to 0'])
})

test('health: 0 before the first connect, 100 for a connection that holds, less after trouble', () => {
  const { core, open } = rig()
  expect(core.keeper().health(0)).toBe(0)
  open()
  expect(core.keeper().health(1_000)).toBe(100)
  core.keeper().linkEnded(1, { error: 'CONNECTION_LOST', closeCode: 1006, reason: '', detail: '' }, 1_000)
  expect(core.keeper().health(2_000)).toBe(50)
})
