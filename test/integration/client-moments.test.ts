// connect(), disconnect(), reconnect() and close() at every moment of a client's life, and what their promises say.
import { turns, within } from '../support/waiters'
import type { FarEnd } from './support/far-end'
import { type ManagedScope, type Watched, brisk, fate, rejection, useManaged } from './support/managed'

const scope = useManaged()

/** Brings a client to a moment. `back` is the promise of connect() where it is still pending. */
interface Moment {
  watched: Watched
  far: FarEnd
  connecting: Promise<unknown> | undefined
}
const slow = { ...brisk, minDelay: 30_000, maxDelay: 30_000, jitter: 0 }

const moments: Record<string, (scope: ManagedScope) => Promise<Moment>> = {
  'before it began': async (scope) => {
    const far = await scope.far()
    return { watched: scope.managed(far, { reconnect: slow }), far, connecting: undefined }
  },
  'in the same turn as connect()': async (scope) => {
    const far = await scope.far()
    const watched = scope.managed(far, { reconnect: slow })
    return { watched, far, connecting: watched.client.connect() }
  },
  'while it connects': async (scope) => {
    const far = await scope.far()
    // Never answered: the server sees the socket, but not the request's end.
    const raw = await scope.rawServer()
    const watched = scope.managed([`ws://127.0.0.1:${raw.port}/`, far], { reconnect: slow })
    const connecting = watched.client.connect()
    await raw.next()
    await watched.reached('connecting')
    return { watched, far, connecting }
  },
  'once it is connected': async (scope) => {
    const far = await scope.far()
    return { watched: await scope.connected(far, { reconnect: slow }), far, connecting: undefined }
  },
  'while it waits to reconnect': async (scope) => {
    const far = await scope.far()
    const watched = await scope.connected(far, { reconnect: slow })
    far.hangUp()
    await watched.reached('reconnecting')
    return { watched, far, connecting: undefined }
  },
  'while it waits after a refusal': async (scope) => {
    const far = await scope.farDown()
    const watched = scope.managed(far, { reconnect: slow })
    const connecting = watched.client.connect()
    await watched.reached('reconnecting')
    await far.start()
    return { watched, far, connecting }
  },
  'once it has failed': async (scope) => {
    const far = await scope.far()
    const watched = await scope.connected(far, { reconnect: slow })
    far.socket.close(4000)
    await watched.reached('failed')
    return { watched, far, connecting: undefined }
  },
  'while it disconnects': async (scope) => {
    const far = await scope.far()
    const watched = await scope.connected(far, { reconnect: slow })
    void watched.client.disconnect()
    return { watched, far, connecting: undefined }
  },
  'once it is disconnected': async (scope) => {
    const far = await scope.far()
    const watched = await scope.connected(far, { reconnect: slow })
    await watched.client.disconnect()
    return { watched, far, connecting: undefined }
  },
}
const names = Object.keys(moments)
const rested = ['idle', 'disconnected', 'failed']

describe.each(names)('%s', (name) => {
  test('disconnect() ends in a state of rest, and connect() begins anew', async () => {
    const { watched, far, connecting } = await moments[name](scope)
    const { client } = watched
    const outcome = connecting && fate(connecting)
    await within(client.disconnect(), 'disconnect()')
    expect(rested).toContain(client.state)
    if (outcome !== undefined) expect(await within(outcome, 'connect()')).toBe('ABORTED')
    const codes = watched.codes.length
    await within(client.connect(), 'connect()')
    expect(client.state).toBe('connected')
    expect(watched.codes.length).toBe(codes)
    far.say({ type: 'x' })
  })

  test('reconnect() is connected in the end, with a connection of its own', async () => {
    const { watched, far, connecting } = await moments[name](scope)
    const before = far.accepted
    await within(watched.client.reconnect(), 'reconnect()')
    expect(watched.client.state).toBe('connected')
    if (connecting !== undefined) await within(connecting, 'connect()')
    await far.connections(before + 1)
    await far.until(() => far.sockets.length === 1, 'one connection left')
    expect(watched.client.getConnectionInfo()).toMatchObject({ reconnectAttempts: 0 })
  })

  test('disconnect() and connect() at once is connected in the end', async () => {
    const { watched, far, connecting } = await moments[name](scope)
    connecting?.catch(() => undefined)
    const { client } = watched
    const down = client.disconnect()
    const up = client.connect()
    await within(Promise.all([down, up]), 'both promises')
    expect(client.state).toBe('connected')
    await far.until(() => far.sockets.length === 1, 'one connection left')
  })

  test('connect() and disconnect() at once is not connected in the end', async () => {
    const { watched, far, connecting } = await moments[name](scope)
    connecting?.catch(() => undefined)
    const { client } = watched
    const up = fate(client.connect())
    await within(client.disconnect(), 'disconnect()')
    expect(rested).toContain(client.state)
    expect(client.state).not.toBe('idle')
    expect(['ABORTED', 'resolved']).toContain(await within(up, 'connect()'))
    await far.until(() => far.sockets.length === 0, 'no connection left')
    await turns(5)
    expect(rested).toContain(client.state)
  })

  test('close() settles everything, and the client is of no use any more', async () => {
    const { watched, far, connecting } = await moments[name](scope)
    const { client } = watched
    const outcome = connecting && fate(connecting)
    await within(Promise.all([client.close(), client.close()]), 'close()')
    expect(['disconnected', 'failed']).toContain(client.state)
    if (outcome !== undefined) expect(await within(outcome, 'connect()')).toBe('ABORTED')
    expect(watched.changes.at(-1)?.state ?? 'disconnected').toBe(client.state)
    await far.until(() => far.sockets.length === 0, 'no connection left')
    expect(await rejection(client.connect())).toMatchObject({ code: 'INVALID_STATE' })
    expect(await rejection(client.reconnect())).toMatchObject({ code: 'INVALID_STATE' })
    expect(await rejection(client.request('x'))).toMatchObject({ code: 'INVALID_STATE' })
    expect(() => client.send('x')).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }) as Error)
    expect(await client.queued()).toEqual([])
    await within(client.disconnect(), 'disconnect()')
  })
})

test('many calls of connect() share one connection and all resolve', async () => {
  const far = await scope.far()
  const { client } = scope.managed(far)
  await within(Promise.all(Array.from({ length: 10 }, () => client.connect())), 'all connect()')
  await within(client.connect(), 'connect() when connected')
  expect(far.accepted).toBe(1)
})

test('disconnect() hands code and reason to the server', async () => {
  const far = await scope.far()
  const closed = new Promise<unknown[]>((resolve) => {
    far.greet = (socket) =>
      socket.on('close', (code: number, reason: Buffer) => resolve([code, String(reason)]))
  })
  const { client } = await scope.connected(far)
  await client.disconnect(4321, 'enough')
  expect(await within(closed, 'close')).toEqual([4321, 'enough'])
})

test.each([
  [1005, ''],
  [999, ''],
  [5000, ''],
  [1000.5, ''],
  [1000, 'x'.repeat(124)],
  [1000, 5 as unknown as string],
])('disconnect(%p, %p) is refused', async (code, reason) => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  expect(() => client.disconnect(code, reason)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'INVALID_ARGUMENT' }) as Error,
  )
  expect(client.state).toBe('connected')
})

test('what was sent before disconnect() and before close() arrives', async () => {
  const far = await scope.far()
  const { client, errors } = await scope.connected(far)
  for (let i = 0; i < 100; i++) client.send('before', i)
  await client.disconnect()
  await far.messages(100)
  expect(errors).toEqual([])
  await client.connect()
  for (let i = 0; i < 100; i++) client.send('after', i)
  await client.close()
  await far.messages(200)
  expect(far.payloads).toEqual([...Array(100).keys(), ...Array(100).keys()])
})

test('a handler of `state` may call connect, disconnect and close', async () => {
  const far = await scope.far()
  const watched = scope.managed(far)
  const { client } = watched
  let rounds = 0
  const over = new Promise<void>((resolve) => {
    client.onStateChange((state) => {
      if (state === 'connected') void client.disconnect()
      else if (state === 'disconnected') {
        if (++rounds < 5) void client.connect()
        else void client.close().then(resolve)
      }
    })
  })
  await within(client.connect(), 'connect()')
  await within(over, 'five rounds')
  expect(far.accepted).toBe(5)
})
