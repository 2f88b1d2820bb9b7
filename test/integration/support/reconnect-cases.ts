// Losing the connection and coming back, against real servers that stop, restart and refuse: the same for every engine.
import { until, within } from '../../support/waiters'
import { type ManagedScope, brisk, carrier, rejection } from './managed'

export function reconnectCases(scope: ManagedScope): void {
  // A platform's WebSocket does not say why it could not connect.
  const refused = carrier.WebSocket === undefined ? 'CONNECTION_REFUSED' : 'CONNECTION_FAILED'

  describe.each(['ws', 'hawser'] as const)('against a server of %s', (maker) => {
    test('connects, says so once, and disconnects', async () => {
      const far = await scope.far({ maker })
      const { client, ...watched } = await scope.connected(far)
      expect(client.state).toBe('connected')
      const info = client.getConnectionInfo()
      expect(info).toMatchObject({
        state: 'connected',
        url: far.url,
        protocol: 'hawser.v1',
        reconnectAttempts: 0,
        nextDelay: 0,
        error: undefined,
      })
      expect(info.lastConnected).toBeInstanceOf(Date)
      await client.disconnect()
      expect(client.state).toBe('disconnected')
      expect(watched.changes.map(({ state }) => state)).toEqual([
        'connecting',
        'connected',
        'disconnecting',
        'disconnected',
      ])
      expect(watched.errors).toEqual([])
    })

    test('comes back when its connection is cut, each state told once', async () => {
      const far = await scope.far({ maker })
      const watched = await scope.connected(far)
      for (let round = 2; round <= 4; round++) {
        far.hangUp()
        await watched.reached('connected', round)
        await far.connections(round)
      }
      const names = watched.changes.map(({ state }) => state)
      expect(names).toEqual([
        'connecting',
        'connected',
        ...Array.from({ length: 3 }, () => ['reconnecting', 'connected']).flat(),
      ])
      const waits = watched.changes.filter(({ state }) => state === 'reconnecting')
      for (const wait of waits) {
        expect(wait.reconnectAttempts).toBe(1)
        expect(wait.error).toMatchObject({ code: 'CONNECTION_LOST', recoverable: true })
      }
      expect(watched.codes).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST', 'CONNECTION_LOST'])
      expect(watched.client.getConnectionInfo().error).toBeUndefined()
    })

    test('comes back when the server restarts on its port; the attempts count up and end', async () => {
      const far = await scope.far({ maker })
      const watched = await scope.connected(far)
      await far.stop()
      await watched.until(() => (watched.last('reconnecting')?.reconnectAttempts ?? 0) >= 3, 'three attempts')
      await far.start()
      await watched.reached('connected', 2)
      expect(watched.states).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
      const attempts = watched.changes
        .filter(({ state }) => state === 'reconnecting')
        .map(({ reconnectAttempts }) => reconnectAttempts)
      expect(attempts).toEqual(attempts.map((_, i) => i + 1))
      for (const { nextDelay } of watched.changes) expect(nextDelay).toBeLessThanOrEqual(brisk.maxDelay)
      expect(watched.client.getPerformanceMetrics()).toMatchObject({
        connects: 2,
        reconnects: 1,
        failures: 0,
      })
    })

    test('a server that appears later is found', async () => {
      const far = await scope.farDown({ maker })
      const watched = scope.managed(far)
      const connected = watched.client.connect()
      await watched.until(() => watched.errors.length >= 2, 'two refusals')
      expect(watched.codes.slice(0, 2)).toEqual([refused, refused])
      expect(watched.client.state).toBe('reconnecting')
      await far.start()
      await within(connected, 'connect()')
      expect(watched.states).toEqual(['connecting', 'reconnecting', 'connected'])
    })

    test.each([1001, 1011, 1012, 1013, 1014])('close code %i is one to come back from', async (code) => {
      const far = await scope.far({ maker })
      const watched = await scope.connected(far)
      const cured = watched.reached('reconnecting')
      far.socket.close(code, 'later')
      await cured
      // 1013 asks for some patience; the program need not have it.
      if (code === 1013) {
        expect(watched.last('reconnecting')!.nextDelay).toBeGreaterThan(brisk.maxDelay)
        void watched.client.reconnect()
      }
      await watched.reached('connected', 2)
      expect(watched.errors[0]).toMatchObject({
        code: 'CONNECTION_CLOSED',
        closeCode: code,
        recoverable: true,
        message: expect.stringContaining('later') as string,
      })
    })

    test.each([1002, 1003, 1007, 1008, 1009, 4000, 4999])('close code %i is final', async (code) => {
      const far = await scope.far({ maker })
      const watched = await scope.connected(far)
      far.socket.close(code, 'never')
      await watched.reached('failed')
      expect(watched.states).toEqual(['connecting', 'connected', 'failed'])
      expect(watched.errors).toMatchObject([{ closeCode: code, recoverable: false }])
      expect(watched.client.getConnectionInfo().error).toBe(watched.errors[0])
      expect(watched.client.getPerformanceMetrics().failures).toBe(1)
      expect(far.accepted).toBe(1)
    })

    test('a goodbye with 1000 ends in `disconnected`, without an error', async () => {
      const far = await scope.far({ maker })
      const watched = await scope.connected(far)
      far.socket.close(1000, 'bye')
      await watched.reached('disconnected')
      expect(watched.states).toEqual(['connecting', 'connected', 'disconnected'])
      expect(watched.errors).toEqual([])
      await within(watched.client.connect(), 'second connect()')
      await until(() => far.accepted === 2)
    })
  })

  describe('codes and counts of the program', () => {
    test('recoverableCodes and finalCodes have the last word', async () => {
      const far = await scope.far()
      const reconnect = { ...brisk, recoverableCodes: [1000, 4001], finalCodes: [1011] }
      const watched = await scope.connected(far, { reconnect })
      far.socket.close(4001)
      await watched.reached('connected', 2)
      await far.connections(2)
      far.socket.close(1000)
      await watched.reached('connected', 3)
      await far.connections(3)
      far.socket.close(1011)
      await watched.reached('failed')
    })

    test('maxAttempts: so many attempts fail, and the error of the last one is the cause', async () => {
      const far = await scope.farDown()
      const watched = scope.managed(far, { reconnect: { ...brisk, maxAttempts: 3 } })
      const error = await rejection(watched.client.connect())
      expect(error).toMatchObject({
        code: 'RETRIES_EXHAUSTED',
        recoverable: false,
        cause: { code: refused },
      })
      expect(error).toBe(watched.client.getConnectionInfo().error)
      expect(watched.client.state).toBe('failed')
      expect(watched.states).toEqual(['connecting', 'reconnecting', 'failed'])
      expect(
        watched.changes.filter(({ state }) => state === 'reconnecting').map((one) => one.reconnectAttempts),
      ).toEqual([1, 2])
      // The program may begin anew.
      await far.start()
      await within(watched.client.connect(), 'connect() after `failed`')
      expect(watched.client.getConnectionInfo().reconnectAttempts).toBe(0)
    })

    test('adaptive: false keeps maxAttempts where an endpoint never opens', async () => {
      const far = await scope.farDown()
      const dials = async (adaptive: boolean): Promise<number> => {
        const reconnect = { minDelay: 1, maxDelay: 1, maxAttempts: 12, adaptive }
        const watched = scope.managed(far, { reconnect })
        expect(await rejection(watched.client.connect())).toMatchObject({ code: 'RETRIES_EXHAUSTED' })
        return 1 + watched.changes.filter(({ state }) => state === 'reconnecting').length
      }
      expect(await dials(false)).toBe(12)
      expect(await dials(true)).toBeLessThan(12)
      expect(() => scope.managed(far, { reconnect: { adaptive: 1 as never } })).toThrow('reconnect.adaptive')
    })

    test('maxAttempts: the loss of a connection that lasted is no failed attempt', async () => {
      const far = await scope.far()
      const watched = await scope.connected(far, { reconnect: { ...brisk, maxAttempts: 1 } })
      for (let times = 2; times < 5; times++) {
        far.hangUp()
        await watched.reached('connected', times)
      }
      await far.stop()
      await watched.reached('failed')
      expect(watched.last('failed')?.error?.code).toBe('RETRIES_EXHAUSTED')
    })

    test('reconnect: false connects once', async () => {
      const far = await scope.farDown()
      const down = scope.managed(far, { reconnect: false })
      expect(await rejection(down.client.connect())).toMatchObject({ code: refused })
      expect(down.states).toEqual(['connecting', 'failed'])
      await far.start()
      const up = await scope.connected(far, { reconnect: false })
      far.hangUp()
      await up.reached('failed')
      expect(up.states).toEqual(['connecting', 'connected', 'failed'])
    })

    test('delays grow by the factor up to maxDelay', async () => {
      const far = await scope.farDown()
      const reconnect = { minDelay: 10, maxDelay: 100, factor: 3, jitter: 0, maxAttempts: 5 }
      const watched = scope.managed(far, { reconnect })
      await rejection(watched.client.connect())
      expect(
        watched.changes.filter(({ state }) => state === 'reconnecting').map((one) => one.nextDelay),
      ).toEqual([10, 30, 90, 100])
    })

    test('a connection below minUptime does not start the count anew', async () => {
      const far = await scope.far()
      far.greet = (socket) => socket.terminate()
      const watched = scope.managed(far, { reconnect: { ...brisk, minUptime: 60_000, maxAttempts: 3 } })
      await within(watched.client.connect(), 'connect()')
      await watched.reached('failed')
      expect(
        watched.changes.filter(({ state }) => state === 'reconnecting').map((one) => one.reconnectAttempts),
      ).toEqual([1, 2])
      expect(far.accepted).toBe(3)
      expect(watched.last('failed')?.error).toMatchObject({
        code: 'RETRIES_EXHAUSTED',
        cause: { code: 'CONNECTION_LOST' },
      })
    })
  })
}
