// The small functions beside the classes.
import {
  Hub,
  WebSocketClient,
  configVariables,
  createDefaultConfig,
  debugLogger,
  healthScore,
  isMessage,
  logClient,
  mayUseRoom,
  messageFaults,
  privateRoomId,
  privateRoomUsers,
  roomRules,
  WebSocketServer,
} from '../../lib'
import { managedOptionNames } from '../../lib/client/client-options'
import { defaults } from '../../lib/core/defaults'
import { MockWebSocketClient, mockMessage, mockMessages } from '../../lib/testing'
import { Random } from '../support/random'

describe('createDefaultConfig', () => {
  test('nothing said: the defaults, which a client takes', async () => {
    const config = createDefaultConfig({ url: 'ws://x' }, {})
    expect(config).toMatchObject({
      url: 'ws://x',
      reconnect: { minDelay: defaults['reconnect.minDelay'].value, factor: 2 },
      heartbeat: { interval: defaults['heartbeat.interval'].value },
      queue: { maxMessages: defaults['queue.maxMessages'].value, overflow: 'drop-oldest' },
      requestTimeout: defaults.requestTimeout.value,
    })
    await new WebSocketClient(config).close()
  })

  test('the environment over the defaults, the program over both', () => {
    const environment = {
      HAWSER_URL: 'wss://a.example, wss://b.example',
      HAWSER_PROTOCOLS: 'one',
      HAWSER_STRATEGY: 'race',
      HAWSER_RECONNECT_MAX_DELAY: '5000',
      HAWSER_RECONNECT_JITTER: '0.1',
      HAWSER_QUEUE_MAX_MESSAGES: '10',
      HAWSER_QUEUE_OVERFLOW: 'reject',
      HAWSER_HEARTBEAT: 'off',
      HAWSER_HEARTBEAT_INTERVAL: '1000',
      HAWSER_PER_MESSAGE_DEFLATE: 'yes',
      HAWSER_REQUEST_TIMEOUT: ' ',
    }
    const config = createDefaultConfig({ queue: { maxMessages: 5 }, strategy: undefined }, environment)
    expect(config).toMatchObject({
      url: ['wss://a.example', 'wss://b.example'],
      protocols: 'one',
      strategy: 'race',
      reconnect: { minDelay: 1000, maxDelay: 5000, jitter: 0.1 },
      queue: { maxMessages: 5, overflow: 'reject', retries: 3 },
      heartbeat: false,
      perMessageDeflate: true,
      requestTimeout: 10_000,
    })
  })

  test('a token is what `auth` answers', () => {
    const { auth } = createDefaultConfig({}, { HAWSER_TOKEN: 'secret' })
    expect((auth as () => string)()).toBe('secret')
  })

  test.each([
    [{ HAWSER_REQUEST_TIMEOUT: 'soon' }, /HAWSER_REQUEST_TIMEOUT must be a number, not 'soon'/],
    [{ HAWSER_RECONNECT: 'maybe' }, /HAWSER_RECONNECT must be true or false, not 'maybe'/],
    [{ HAWSER_STRATEGY: 'best' }, /HAWSER_STRATEGY must be one of failover, race/],
  ])('%j', (environment, message) => {
    expect(() => createDefaultConfig({}, environment)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) as string }),
    )
  })

  test('every variable is that of an option', () => {
    const roots = new Set(
      configVariables.map((name) => name.replace(/^HAWSER_(RECONNECT|HEARTBEAT|QUEUE)_.*/, 'HAWSER_$1')),
    )
    const known = managedOptionNames.map((name) => `HAWSER_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`)
    roots.delete('HAWSER_TOKEN')
    expect([...roots].filter((name) => !known.includes(name))).toEqual([])
  })
})

describe('private rooms', () => {
  test('the same for any order, and the name tells who they are', () => {
    expect(privateRoomId('bob', 'ann', 'bob')).toBe('private:ann,bob')
    expect(privateRoomId('ann', 'bob')).toBe('private:ann,bob')
    expect(privateRoomUsers('private:ann,bob')).toEqual(['ann', 'bob'])
  })

  test('no two groups of users share a name, whatever their ids hold', () => {
    const random = new Random()
    const { seed } = random
    const letters = 'a,:%b 2Cü'
    const names = new Map<string, string>()
    for (let i = 0; i < 2000; i++) {
      const users = Array.from({ length: 2 + random.below(2) }, () =>
        Array.from({ length: 1 + random.below(3) }, () => letters[random.below(letters.length)]).join(''),
      )
      const group = [...new Set(users)].sort()
      if (group.length < 2) continue
      const name = privateRoomId(...users)
      const before = names.get(name) ?? JSON.stringify(group)
      expect({ seed, before }).toEqual({ seed, before: JSON.stringify(group) })
      names.set(name, before)
      expect(privateRoomUsers(name)).toEqual(group)
    }
  })

  test.each([
    'lobby',
    'private:',
    'private:ann',
    'private:bob,ann',
    'private:ann,ann',
    'private:%61nn,bob',
    'private:%,b',
  ])('%s is none', (room) => expect(privateRoomUsers(room)).toBeUndefined())

  test.each([
    [['ann']],
    [['ann', 'ann']],
    [['ann', '']],
    [['a'.repeat(200), 'b'.repeat(60)]],
    [['ann', '\ud800']],
  ])('%j', (users) => {
    expect(() => privateRoomId(...users)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})

describe('rules of rooms', () => {
  const rules = {
    '*': { join: true },
    'staff.*': { join: ['admin', 'staff'], send: ['admin'] },
    'staff.open': { join: 'users' },
    'private:*': { join: 'members' },
    'secret.*': {},
  } as const
  const ann = { userId: 'ann', roles: ['staff'] }
  const nobody = {}

  test.each([
    [nobody, 'join', 'lobby', true],
    [nobody, 'join', 'staff.a', false],
    [ann, 'join', 'staff.a', true],
    [ann, 'send', 'staff.a', false],
    [{ userId: 'x', roles: new Set(['admin']) }, 'send', 'staff.a', true],
    [nobody, 'join', 'staff.open', false],
    [ann, 'send', 'staff.open', true],
    [ann, 'join', 'private:ann,bob', true],
    [ann, 'join', 'private:bob,eve', false],
    [ann, 'join', 'private:bob,ann', false],
    [ann, 'join', 'secret.x', false],
  ] as const)('%j may %s %s: %s', (who, action, room, may) => {
    expect(mayUseRoom(rules, who, action, room)).toBe(may)
  })

  test('without a rule that fits the answer is no', () => {
    expect(mayUseRoom({ a: { join: true } }, ann, 'join', '__proto__')).toBe(false)
    expect(mayUseRoom({ a: { join: true } }, ann, 'join', 'b')).toBe(false)
  })

  test('are the option `authorize` of a hub', async () => {
    const server = new WebSocketServer({ noServer: true })
    const authorize = roomRules(rules, { withoutRoom: 'users', watch: ['admin'] })
    const hub = new Hub(server, { authorize })
    const who = { userId: 'ann', roles: [] } as unknown as Parameters<typeof authorize>[0]
    expect(authorize(who, 'join', 'lobby', undefined)).toBe(true)
    expect(authorize(who, 'send', undefined, 'chat')).toBe(true)
    expect(authorize(who, 'watch', 'bob', undefined)).toBe(false)
    await hub.close()
    expect(() => roomRules({ a: { join: 'everybody' as 'users' } })).toThrow(/`rules\['a'\]\.join` must be/)
  })
})

test.each([
  [{ type: 'a' }, []],
  [{ type: 'a', id: 'x', timestamp: 1, room: 'r', correlationId: 'c', userId: 'u', payload: null }, []],
  [null, ['a message must be an object']],
  [[], ['a message must be an object']],
  [{}, ['`type` must be a string of 1 to 128 characters']],
  [{ type: 'a', id: '' }, ['`id` must be a string of 1 to 64 characters']],
  [{ type: 'a', timestamp: 1.5 }, ['`timestamp` must be milliseconds since the epoch, a whole number']],
  [{ type: 'a', ack: 1 }, ['`ack` must be true or false']],
  [{ type: 'a', error: 'x' }, ['`error` must be an object with a `code`']],
])('faults of %j', (value, faults) => {
  expect(messageFaults(value)).toEqual(faults)
  expect(isMessage(value)).toBe(faults.length === 0)
  expect(isMessage(value, 'b')).toBe(false)
})

// The cases of test/core/metrics/health_score_test.cpp that say what the formula is.
test.each([
  [{}, 100],
  [{ latency: 200 }, 80],
  [{ latency: 1e9 }, 60],
  [{ latency: NaN }, 100],
  [{ latency: 200, reference: 0 }, 100],
  [{ successRate: 0 }, 0],
  [{ successRate: NaN }, 0],
  [{ uptime: 0.5 }, 50],
  [{ reconnects: 3 }, 85],
  [{ reconnects: NaN }, 70],
  [{ queued: 5, capacity: 10 }, 85],
  [{ queued: 50, capacity: 10 }, 70],
])('health of %j is %d', (input, score) => {
  expect(healthScore(input)).toBeCloseTo(score, 5)
})

describe('debugLogger', () => {
  const record = (lines: string[]) => ({ write: (line: string) => void lines.push(line), now: () => 0 })

  test('writes lines without secrets', () => {
    const lines: string[] = []
    const log = debugLogger('app', { enabled: true, ...record(lines) })
    log('start')
    log('sign in', { user: 'ann', token: 'x', nested: { apiSecret: 'y' }, n: 1n })
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    log('circle', circle)
    expect(lines.slice(0, 2)).toEqual([
      '00:00:00.000 app start',
      '00:00:00.000 app sign in {"user":"ann","token":"…","nested":{"apiSecret":"…"},"n":"1"}',
    ])
    expect(lines[2]).toMatch(/circle \(Converting circular/)
  })

  test.each([
    [undefined, false],
    ['', false],
    ['app', true],
    ['other, app', true],
    ['ap', false],
    ['a*', true],
    ['*', true],
  ])('HAWSER_DEBUG=%s', (names, enabled) => {
    const before = process.env['HAWSER_DEBUG']
    try {
      if (names === undefined) delete process.env['HAWSER_DEBUG']
      else process.env['HAWSER_DEBUG'] = names
      expect(debugLogger('app').enabled).toBe(enabled)
    } finally {
      if (before === undefined) delete process.env['HAWSER_DEBUG']
      else process.env['HAWSER_DEBUG'] = before
    }
  })

  test('logClient tells states and errors until it is ended', async () => {
    const lines: string[] = []
    const mock = new MockWebSocketClient()
    const stop = logClient(mock.asClient(), debugLogger('client', { enabled: true, ...record(lines) }))
    await mock.connect()
    mock.simulateDisconnection()
    stop()
    mock.simulateConnection()
    expect(lines.map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual(
      expect.arrayContaining(['client connected', 'client reconnecting', 'client error']),
    )
    expect(lines.filter((line) => line.includes('client connected')).length).toBe(1)
  })
})

test('mock messages are the same each time', () => {
  expect(mockMessage('tick', 1)).toEqual({ id: 'mock-1', timestamp: 0, type: 'tick', payload: 1 })
  const options = {
    types: ['a', 'b'],
    payload: (i: number, random: () => number) => [i, random()],
    room: 'r',
    every: 5,
  }
  const messages = mockMessages(3, options)
  expect(messages.map(({ id, type, timestamp, room }) => [id, type, timestamp, room])).toEqual([
    ['mock-1', 'a', 0, 'r'],
    ['mock-2', 'b', 5, 'r'],
    ['mock-3', 'a', 10, 'r'],
  ])
  expect(mockMessages(3, options)).toEqual(messages)
  expect(mockMessages(3, { ...options, seed: 2 })).not.toEqual(messages)
  expect(messages.every((message) => isMessage(message))).toBe(true)
})
