// What becomes of messages: handlers, requests, middleware, validators, acks, batches, bad input.
import { HubError, type StandardSchema, validate } from '../../lib'
import { deferred, until } from '../support/waiters'
import { useHubs } from './support/hubs'

const scope = useHubs()

describe('handlers', () => {
  test('by type, prefix and all, in this order; off takes them away', async () => {
    const { hub, url } = await scope.hub()
    const seen: unknown[] = []
    const exact = (payload: unknown): void => void seen.push(['exact', payload])
    hub.on('chat.*', (payload, _ctx, { type }) => seen.push(['prefix', type, payload]))
    hub.on('*', (_payload, _ctx, { type }) => seen.push(['all', type]))
    hub.on('chat.a', exact)
    const peer = await scope.peer(url)
    peer.say({ type: 'chat.a', payload: 1 })
    peer.say({ type: 'chat', payload: 2 })
    await peer.settled()
    hub.off('chat.a', exact)
    peer.say({ type: 'chat.a', payload: 3 })
    await peer.settled()
    expect(seen).toEqual([
      ['exact', 1],
      ['prefix', 'chat.a', 1],
      ['all', 'chat.a'],
      ['all', 'chat'],
      ['prefix', 'chat.a', 3],
      ['all', 'chat.a'],
    ])
  })

  test('requests: at once, later, with nothing, by correlation id', async () => {
    const { hub, url } = await scope.hub()
    hub.handle('sum', (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0))
    hub.handle('later', async (value) => value)
    hub.handle('nothing', () => undefined)
    const peer = await scope.peer(url)
    expect(await peer.ask({ type: 'sum', payload: [1, 2, 3] })).toMatchObject({ type: 'reply', payload: 6 })
    expect(await peer.ask({ type: 'later', payload: 'é' })).toMatchObject({ type: 'reply', payload: 'é' })
    expect(await peer.ask({ type: 'nothing' })).not.toHaveProperty('payload')
    peer.say({ type: 'sum', id: 'i', correlationId: 'c', payload: [4] })
    expect(await peer.found(({ correlationId }) => correlationId === 'c', 'reply')).toMatchObject({
      payload: 4,
    })
    hub.unhandle('sum')
    expect(await peer.ask({ type: 'sum', payload: [] })).toMatchObject({ error: { code: 'UNKNOWN_TYPE' } })
  })

  test('what a handler throws: a HubError goes out as it is, anything else without its words', async () => {
    const { hub, url } = await scope.hub()
    const reported: unknown[] = []
    hub.on('error', (error, connection) => reported.push([(error as Error).message, connection?.open]))
    const loop: { self?: unknown } = {}
    loop.self = loop
    hub.handle('coded', () => {
      throw new HubError('OUT_OF_STOCK', 'None left', { retryAfter: 5, details: { left: 0 } })
    })
    hub.handle('later', async () => Promise.reject(new HubError('LATER')))
    hub.handle('secret', () => {
      throw new Error('password is 1234')
    })
    hub.handle('no json', () => loop)
    hub.on('event', async () => Promise.reject(new Error('also secret')))
    const peer = await scope.peer(url)
    expect((await peer.ask({ type: 'coded' })).error).toEqual({
      code: 'OUT_OF_STOCK',
      message: 'None left',
      retryAfter: 5,
      details: { left: 0 },
    })
    expect((await peer.ask({ type: 'later' })).error).toEqual({ code: 'LATER', message: 'LATER' })
    for (const type of ['secret', 'event', 'no json']) {
      const { error } = await peer.ask({ type })
      expect(error).toEqual({ code: 'SERVER_ERROR', message: 'The message could not be handled' })
    }
    expect(reported).toMatchObject([
      ['password is 1234', true],
      ['also secret', true],
      [expect.stringContaining('no json'), true],
    ])
    expect(hub.metrics().errors).toEqual({ OUT_OF_STOCK: 1, LATER: 1, SERVER_ERROR: 3 })
  })

  test('a request that takes too long is answered with TIMEOUT', async () => {
    const { hub, url } = await scope.hub({ handlerTimeout: 20 })
    const late = deferred<string>()
    hub.handle('slow', () => late.promise)
    const peer = await scope.peer(url)
    const { error, correlationId: asked } = await peer.ask({ type: 'slow' })
    expect(error).toMatchObject({ code: 'TIMEOUT' })
    late.resolve('too late')
    await peer.settled()
    expect(peer.said.filter(({ correlationId }) => correlationId === asked)).toHaveLength(1)
  })

  test('handlers that are not done hold the connection at `maxPending`, in order and without loss', async () => {
    const { hub, url } = await scope.hub({ maxPending: 3 })
    const gates = new Map<number, () => void>()
    let most = 0
    let running = 0
    hub.handle('work', async (n: number) => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => gates.set(n, resolve))
      running--
      return n
    })
    const peer = await scope.peer(url)
    for (let n = 0; n < 20; n++) peer.say({ type: 'work', id: String(n), payload: n })
    for (let n = 0; n < 20; n++) {
      await until(() => gates.has(n))
      gates.get(n)?.()
    }
    await peer.got('reply', 20)
    expect(peer.of('reply').map(({ payload }) => payload as number)).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    )
    expect(most).toBe(3)
  })

  test('`signal` of a connection aborts work for a peer that has gone', async () => {
    const { hub, url } = await scope.hub()
    const aborted = deferred<boolean>()
    hub.on('work', (_payload, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.aborted))
    })
    const peer = await scope.peer(url)
    peer.say({ type: 'work' })
    await peer.settled()
    peer.drop()
    expect(await aborted.promise).toBe(true)
  })

  test('disconnect tells how it ended', async () => {
    const { hub, url } = await scope.hub()
    const ended = deferred<unknown>()
    hub.on('disconnect', ({ open }, code) => ended.resolve([open, code]))
    const peer = await scope.peer(url)
    peer.close(4001)
    expect(await ended.promise).toEqual([false, 4001])
    expect(hub.connections).toEqual([])
  })
})

describe('middleware', () => {
  test('changes, stops, rejects; at once or later, one after the other, in the order of the messages', async () => {
    const { hub, url } = await scope.hub()
    const seen: unknown[] = []
    hub.use((message) => {
      if (message.type === 'stop') return false
      if (message.type === 'no') throw new HubError('NO_SUCH_LUCK')
      message.payload = [message.payload]
      return undefined
    })
    hub.use(async (message) => {
      await new Promise((resolve) => setImmediate(resolve))
      ;(message.payload as unknown[]).push('two')
    })
    hub.on('*', (payload, _ctx, { type }) => seen.push([type, payload]))
    const peer = await scope.peer(url)
    peer.say({ type: 'a', payload: 1 })
    peer.say({ type: 'stop' })
    peer.say({ type: 'b', payload: 2 })
    expect(await peer.ask({ type: 'no' })).toMatchObject({ error: { code: 'NO_SUCH_LUCK' } })
    expect(seen).toEqual([
      ['a', [1, 'two']],
      ['b', [2, 'two']],
    ])
  })

  test('validators that follow Standard Schema, at once and later', async () => {
    const schema = (later: boolean): StandardSchema => ({
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => {
          const fits = typeof (value as { text?: unknown }).text === 'string'
          const result = fits
            ? { value: { text: (value as { text: string }).text.trim() } }
            : { issues: [{ message: 'text is missing', path: ['text', { key: 0 }] }] }
          return later ? Promise.resolve(result) : result
        },
      },
    })
    const { hub, url } = await scope.hub()
    hub.use(validate({ now: schema(false), later: schema(true) }))
    hub.handle('now', (payload) => payload)
    hub.handle('later', (payload) => payload)
    hub.handle('other', (payload) => payload)
    const peer = await scope.peer(url)
    for (const type of ['now', 'later']) {
      expect((await peer.ask({ type, payload: { text: ' hi ', more: 1 } })).payload).toEqual({ text: 'hi' })
      expect((await peer.ask({ type, payload: {} })).error).toEqual({
        code: 'INVALID_MESSAGE',
        message: 'The payload does not fit: text is missing',
        details: [{ message: 'text is missing', path: ['text', '0'] }],
      })
    }
    expect((await peer.ask({ type: 'other', payload: {} })).payload).toEqual({})
    expect(() => validate({ x: {} as never })).toThrow('Standard Schema')
  })
})

describe('acks', () => {
  test('come when the handlers are done; a copy is answered and not handled again', async () => {
    const { hub, url } = await scope.hub()
    const gate = deferred()
    const seen: unknown[] = []
    hub.on('pay', async (payload) => {
      seen.push(payload)
      await gate.promise
    })
    const peer = await scope.peer(url)
    const message = { type: 'pay', id: '0123456789abcdef', ack: true, payload: 5 }
    peer.say(message)
    peer.say(message)
    await peer.settled()
    expect(peer.of('ack')).toEqual([])
    // A copy on a new connection, while the first is being handled: the answer goes there.
    const again = await scope.peer(url)
    again.say(message)
    await again.settled()
    gate.resolve()
    expect(await again.got('ack')).toMatchObject([{ correlationId: message.id }])
    again.say(message)
    await again.got('ack', 2)
    expect([seen, peer.of('ack')]).toEqual([[5], []])
    expect(hub.metrics()).toMatchObject({ acks: 1, duplicates: 3 })
  })

  test('one that is refused gets the error, and so do its copies', async () => {
    const { hub, url } = await scope.hub()
    let calls = 0
    hub.on('pay', () => {
      calls++
      throw new HubError('NO_MONEY')
    })
    const peer = await scope.peer(url)
    for (let i = 1; i <= 2; i++) {
      peer.say({ type: 'pay', id: 'x1', ack: true })
      expect((await peer.got('error', i))[i - 1]).toMatchObject({
        correlationId: 'x1',
        error: { code: 'NO_MONEY' },
      })
    }
    expect([calls, peer.of('ack')]).toEqual([1, []])
    peer.say({ type: 'pay', ack: true })
    expect((await peer.got('error', 3))[2]).toMatchObject({ error: { code: 'INVALID_MESSAGE' } })
  })

  test('users do not see each other’s ids; the window is bounded', async () => {
    const { hub, url } = await scope.hub({
      auth: (_request, token) => token !== undefined && { userId: token },
      dedupe: { count: 2 },
    })
    const seen: unknown[] = []
    hub.on('pay', (_payload, ctx, { id }) => seen.push(`${ctx.userId ?? ''}:${id ?? ''}`))
    const ann = await scope.peer(`${url}?token=ann`)
    const bob = await scope.peer(`${url}?token=bob`)
    for (const id of ['1', '1', '2', '3', '3', '1']) {
      ann.say({ type: 'pay', id, ack: true })
      await ann.settled()
    }
    bob.say({ type: 'pay', id: '1', ack: true })
    await bob.got('ack')
    expect(seen).toEqual(['ann:1', 'ann:2', 'ann:3', 'ann:1', 'bob:1'])
  })
})

describe('batches', () => {
  test('are taken message by message, in order, with what is slow in between', async () => {
    const { hub, url } = await scope.hub({
      authorize: async (_ctx, _action, target) => target !== 'secret',
    })
    const seen: unknown[] = []
    hub.on('m', (payload) => seen.push(payload))
    const peer = await scope.peer(url)
    peer.say({
      type: 'batch',
      payload: [
        { type: 'm', payload: 1 },
        { type: 'join', room: 'r', id: 'j' },
        { type: 'join', room: 'secret', id: 's' },
        { type: 'batch', id: 'b', payload: [] },
        5,
        { type: 'm', room: 'r', payload: 2 },
      ],
    })
    peer.say({ type: 'm', payload: 3 })
    await peer.settled()
    expect(seen).toEqual([1, 2, 3])
    expect(peer.of('joined')).toMatchObject([{ correlationId: 'j', room: 'r' }])
    expect(peer.of('error').map(({ correlationId, error }) => [correlationId, error.code])).toEqual([
      ['s', 'UNAUTHORIZED'],
      ['b', 'INVALID_MESSAGE'],
      [undefined, 'INVALID_MESSAGE'],
    ])
  })

  test('too large a one, and none at all', async () => {
    const { url } = await scope.hub({ maxBatch: 2 })
    const peer = await scope.peer(url)
    for (const payload of [[1, 2, 3], {}, undefined]) {
      expect(await peer.ask({ type: 'batch', payload })).toMatchObject({ error: { code: 'INVALID_MESSAGE' } })
    }
  })
})

test.each([
  ['no JSON', '{"type":', 'PARSE_ERROR'],
  ['an empty text', '', 'PARSE_ERROR'],
  ['an array', '[]', 'INVALID_MESSAGE'],
  ['null', 'null', 'INVALID_MESSAGE'],
  ['a number', '5', 'INVALID_MESSAGE'],
  ['no type', '{"id":"x"}', 'INVALID_MESSAGE'],
  ['an empty type', '{"type":""}', 'INVALID_MESSAGE'],
  ['a type that is a number', '{"type":5}', 'INVALID_MESSAGE'],
  ['a long type', JSON.stringify({ type: 'x'.repeat(129) }), 'INVALID_MESSAGE'],
  ['a long id', JSON.stringify({ type: 'm', id: 'x'.repeat(65) }), 'INVALID_MESSAGE'],
  ['a correlation id that is an object', '{"type":"m","correlationId":{}}', 'INVALID_MESSAGE'],
  ['a timestamp that is a text', '{"type":"m","timestamp":"now"}', 'INVALID_MESSAGE'],
  ['an ack that is a number', '{"type":"m","ack":1}', 'INVALID_MESSAGE'],
  ['a type that nobody handles', '{"type":"unheard-of"}', 'UNKNOWN_TYPE'],
  ['what only hubs say', '{"type":"joined"}', 'INVALID_MESSAGE'],
  ['presence without the option', '{"type":"presence_update"}', 'UNKNOWN_TYPE'],
  ['a resume of nothing', '{"type":"resume"}', 'INVALID_MESSAGE'],
  ['a resume of nonsense', '{"type":"resume","payload":{"rooms":{"r":{"offset":-1}}}}', 'INVALID_MESSAGE'],
])('%s is answered with a code, and the connection lives', async (_what, text, code) => {
  const { hub, url } = await scope.hub()
  hub.on('m', () => undefined)
  const peer = await scope.peer(url)
  peer.say(text)
  expect(await peer.got('error')).toMatchObject([{ error: { code, message: expect.any(String) as string } }])
  await peer.settled()
  expect(peer.closed).toBeUndefined()
})

test('a wrong message with an id is answered under it; `__proto__` is a name like others; binary is refused', async () => {
  const { hub, url } = await scope.hub()
  hub.handle('m', (payload) => payload)
  const peer = await scope.peer(url)
  expect(await peer.ask({ type: 'm', room: 5 })).toMatchObject({ error: { code: 'INVALID_MESSAGE' } })
  expect(await peer.ask({ type: 'join', room: '__proto__' })).toMatchObject({
    type: 'joined',
    room: '__proto__',
  })
  expect(await peer.ask({ type: 'constructor' })).toMatchObject({ error: { code: 'UNKNOWN_TYPE' } })
  peer.say('{"type":"m","id":"p","payload":{"__proto__":{"admin":true}}}')
  await peer.found(({ correlationId }) => correlationId === 'p', 'reply')
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
  peer.say(Buffer.from('{"type":"m"}'))
  expect((await peer.got('error')).at(-1)).toMatchObject({ error: { code: 'UNKNOWN_TYPE' } })
  await peer.found(({ error }) => String(error?.message).includes('not binary'), 'refusal of binary')
})
