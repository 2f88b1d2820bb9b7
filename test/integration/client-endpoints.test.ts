// Several endpoints: which one is dialled, and how a dead one leaves and comes back. The servers are killed and restarted.
import type { EndpointStrategy, HawserError } from '../../lib'
import { certificates } from '../support/certificates'
import { Random } from '../support/random'
import { TcpProxy } from '../support/tcp-proxy'
import { within } from '../support/waiters'
import { answering, type FarEnd } from './support/far-end'
import { brisk, type Watched, useManaged } from './support/managed'

const scope = useManaged()
const made = certificates()

/** The far end to which the client is connected now. */
function place({ client }: Watched, ends: FarEnd[]): number {
  return ends.findIndex(({ url }) => url === client.getConnectionInfo().url)
}
/** Drops the connection and waits for the next one; where it leads to. */
async function move(watched: Watched, ends: FarEnd[]): Promise<number> {
  await within(watched.client.reconnect(), 'reconnect()')
  return place(watched, ends)
}

describe.each([false, true])('TLS: %s', (secure) => {
  const secrecy = secure ? { ca: made.ca } : {}
  const ends = (count: number): Promise<FarEnd[]> =>
    Promise.all(Array.from({ length: count }, () => scope.far(secure ? { tls: made.server } : {})))

  test('failover: in the given order, whichever of them are alive', async () => {
    const all = await ends(3)
    const watched = await scope.connected(all, secrecy)
    expect(place(watched, all)).toBe(0)
    await all[0].stop()
    await watched.reached('connected', 2)
    expect(place(watched, all)).toBe(1)
    await all[1].stop()
    await watched.reached('connected', 3)
    expect(place(watched, all)).toBe(2)
    expect(watched.states).not.toContain('failed')
  })

  test('all of them killed: the client goes on, and finds the first that is there again', async () => {
    const all = await ends(2)
    const watched = await scope.connected(all, secrecy)
    for (const far of all) await far.stop()
    await watched.until(() => watched.errors.length >= 4, 'four failures')
    await all[1].start()
    await watched.reached('connected', 2)
    expect(place(watched, all)).toBe(1)
  })

  test('round-robin: each attempt begins with the next; one that is dead is skipped and comes back', async () => {
    const all = await ends(3)
    const watched = await scope.connected(all, { ...secrecy, strategy: 'round-robin' })
    const seen = [place(watched, all)]
    for (let i = 0; i < 5; i++) seen.push(await move(watched, all))
    expect(seen).toEqual([0, 1, 2, 0, 1, 2])
    await all[1].stop()
    const without = []
    for (let i = 0; i < 8; i++) without.push(await move(watched, all))
    expect(new Set(without)).toEqual(new Set([0, 2]))
    await all[1].start()
    await all[0].stop()
    await all[2].stop()
    await watched.until(
      () => watched.client.state === 'connected' && place(watched, all) === 1,
      'the healed one',
    )
  })

  test('latency and race: a silent one never wins against one that answers', async () => {
    const [far] = await ends(1)
    const silent = await scope.rawServer()
    for (const strategy of ['race', 'latency'] as EndpointStrategy[]) {
      const urls = [`${secure ? 'wss' : 'ws'}://127.0.0.1:${silent.port}/`, far.url]
      const watched = scope.managed(urls, { ...secrecy, strategy })
      await within(watched.client.connect(), `connect() with ${strategy}`)
      expect(watched.client.getConnectionInfo().url).toBe(far.url)
      expect(watched.errors).toEqual([])
      await watched.client.close()
    }
  })

  test('least-busy: equals take turns', async () => {
    const all = await ends(2)
    const watched = await scope.connected(all, { ...secrecy, strategy: 'least-busy' })
    const seen = [place(watched, all)]
    for (let i = 0; i < 5; i++) seen.push(await move(watched, all))
    expect(new Set(seen)).toEqual(new Set([0, 1]))
  })

  test('a path that is cut at any byte: every request is answered or says that it was lost, none hangs', async () => {
    const random = new Random()
    const [far] = await ends(1)
    far.answer = answering
    const proxies = [await TcpProxy.listen(far.port), await TcpProxy.listen(far.port)]
    for (const proxy of proxies) scope.defer(() => proxy.close())
    const urls = proxies.map(({ port }) => `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/`)
    for (const proxy of proxies) proxy.cutAfter(() => 1 + random.below(4000))
    // Cuts within the handshake are failures too; none of them may be taken for the server's word.
    const watched = scope.managed(urls, { ...secrecy, reconnect: { ...brisk, minDelay: 1, maxDelay: 5 } })
    watched.client.connect().catch(() => undefined)
    let answered = 0
    let lost = 0
    for (let i = 0; i < 200; i++) {
      const outcome = await within(
        watched.client.request('ask', i, { timeout: 50_000 }).then(
          (value: number) => value,
          (error: unknown) => (error as HawserError).code,
        ),
        `outcome of request ${i}`,
      )
      if (outcome === i) answered++
      else if (outcome === 'CONNECTION_LOST') lost++
      else {
        const led = watched.codes.slice(-5).join()
        throw new Error(`request ${i}: ${String(outcome)}, ${watched.client.state} after ${led}`)
      }
    }
    expect(answered + lost).toBe(200)
    expect(answered).toBeGreaterThan(0)
    for (const proxy of proxies) proxy.cutAfter(undefined)
    for (const proxy of proxies) proxy.cut()
    expect(await within(watched.client.request('ask', 'end', { timeout: 50_000 }), 'the end')).toBe('end')
    expect(watched.states).not.toContain('failed')
  })
})

describe('what is learned of endpoints', () => {
  test('is told at any time, and taken up by the next client', async () => {
    const [first, second] = await Promise.all([scope.far(), scope.far()])
    const gone = second.url
    await second.stop()
    const watched = await scope.connected([second, first], { strategy: 'failover' })
    for (let i = 0; i < 3; i++) await move(watched, [second, first])
    const { endpoints, url } = watched.client.getConnectionInfo()
    expect(url).toBe(first.url)
    expect(endpoints).toEqual(watched.client.learned())
    const [bad, good] = endpoints
    expect(bad).toMatchObject({ url: gone, opened: 0, successRate: 0 })
    expect(bad.failed).toBeGreaterThan(0)
    expect(good).toMatchObject({ url: first.url, opened: 4, failed: 0, successRate: 1 })
    expect(good.latency).toBeGreaterThan(0)

    const kept = JSON.parse(JSON.stringify(endpoints)) as typeof endpoints
    const { client } = scope.managed([first.url, 'ws://127.0.0.1:1/'], { learned: kept })
    expect(client.learned()).toEqual([
      good,
      { url: 'ws://127.0.0.1:1/', opened: 0, failed: 0, successRate: 1, latency: 0 },
    ])
    await within(client.connect(), 'connect()')
    await client.close()
    expect(client.learned()[0]).toMatchObject({ opened: 5 })
  })

  test('the fastest that is known comes first where `strategy` is latency', async () => {
    const all = await Promise.all([scope.far(), scope.far()])
    const latency = (far: FarEnd, milliseconds: number) => ({
      url: far.url,
      opened: 10,
      failed: 0,
      successRate: 1,
      latency: milliseconds,
    })
    const learned = [latency(all[0], 500), latency(all[1], 5)]
    expect(place(await scope.connected(all, { strategy: 'latency', learned }), all)).toBe(1)
    expect(place(await scope.connected(all, { strategy: 'latency' }), all)).toBe(0)
  })

  test.each([
    [5],
    [{}],
    [[5]],
    [[{ url: 'ws://a/', opened: -1 }]],
    [[{ url: 'ws://a/', opened: 1, speed: 1 }]],
  ])('%j is none', (learned) => {
    expect(() => scope.managed('ws://127.0.0.1:1/', { learned: learned as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }) as Error,
    )
  })
})
