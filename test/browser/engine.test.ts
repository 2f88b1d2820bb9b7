// The client of browsers in a browser: the published files in pages of Chromium, against a Hub.
import type { Page } from 'playwright-core'
import type { Hub } from '../../lib'
import { type HubScope, useHubs } from '../integration/support/hubs'
import { deferred, event, until } from '../support/waiters'
import { type TestBrowser, startChromium } from './support/chromium'
import { type InPage, Pages } from './support/pages'
import { Tab } from './support/tabs'

const scope: HubScope = useHubs()
let browser: TestBrowser
let pages: Pages
beforeAll(async () => {
  browser = await startChromium()
  pages = await Pages.start()
})
afterAll(async () => {
  await browser.close()
  await pages.close()
})

/** A page with the package. What goes wrong in it, but for connections that cannot be made, fails its test. */
async function open(path = ''): Promise<{ page: Page; faults: string[] }> {
  const { page, faults } = await browser.open(pages.url + path)
  await page.waitForFunction(() => 'hawser' in globalThis)
  scope.defer(async () => {
    await page.context().close()
    expect(faults.filter((fault) => !/WebSocket connection to|net::ERR/.test(fault))).toEqual([])
  })
  return { page, faults }
}
type Options = Record<string, unknown>

/** A client in the page, as `client`, whose messages of the type `m` are gathered as `seen`. */
async function make(page: Page, url: string, options: Options = {}): Promise<void> {
  await page.evaluate(
    ([url, options]) => {
      const here = globalThis as unknown as InPage
      const { WebSocketClient } = here.hawser
      here.seen = []
      here.errors = []
      here.client = new WebSocketClient({
        reconnect: { minDelay: 10, maxDelay: 40, minUptime: 0 },
        ...options,
        url,
      })
      here.client.on('m', ({ payload }) => here.seen.push(payload))
      here.client.on('error', ({ code }) => here.errors.push(code))
      here.client.on('resume_failed', (failure) => here.seen.push(failure.reason))
    },
    [url, options] as const,
  )
}
const connect = (page: Page): Promise<void> =>
  page.evaluate(() => (globalThis as unknown as InPage).client.connect())
const seen = (page: Page): Promise<unknown[]> => page.evaluate(() => (globalThis as unknown as InPage).seen)
async function saw(page: Page, wanted: unknown[]): Promise<void> {
  await page.waitForFunction((count) => (globalThis as unknown as InPage).seen.length >= count, wanted.length)
  expect(await seen(page)).toEqual(wanted)
}
async function inState(page: Page, state: string): Promise<void> {
  await page.waitForFunction((name) => (globalThis as unknown as InPage).client.state === name, state)
}
/** Payloads of a type that the hub got. */
function gathers(hub: Hub, type: string): unknown[] {
  const got: unknown[] = []
  hub.on(type, (payload) => void got.push(payload))
  return got
}

test('requests, their errors, messages both ways; a page that goes says goodbye', async () => {
  const { hub, server, url } = await scope.hub()
  hub.handle('sum', (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0))
  hub.on('hello', (payload, ctx) => void ctx.send('m', payload))
  const { page } = await open()
  await make(page, url)
  await connect(page)
  const answers = await page.evaluate(async () => {
    const { client } = globalThis as unknown as InPage
    client.send('hello', 'é')
    const failed = await client
      .request('unheard of')
      .catch((error: unknown) => (error as Error & { code: string }).code)
    const abort = new AbortController()
    const given = client
      .request('sum', [], { signal: abort.signal })
      .catch((error: unknown) => (error as { code: string }).code)
    abort.abort()
    return [await client.request('sum', [1, 2]), failed, await given, client.getConnectionInfo().protocol]
  })
  expect(answers).toEqual([3, 'SERVER_ERROR', 'ABORTED', 'hawser.v1'])
  await saw(page, ['é'])
  const [socket] = server.clients
  const closed = event<[number]>(socket, 'close')
  await page.goto('about:blank')
  expect((await closed)[0]).toBe(1001)
})

test('rooms go on where they stood, and when the server was started anew', async () => {
  const { hub, server, url, port } = await scope.hub({ history: true })
  const { page } = await open()
  await make(page, url)
  await connect(page)
  await page.evaluate(() => (globalThis as unknown as InPage).client.joinRoom('r'))
  hub.to('r').send('m', 1)
  await saw(page, [1])
  for (const socket of server.clients) socket.terminate()
  hub.to('r').send('m', 2)
  await saw(page, [1, 2])
  await server.close()
  await inState(page, 'reconnecting')
  const { hub: next } = await scope.hub({ history: true }, { port })
  await until(() => next.size('r') === 1)
  next.to('r').send('m', 3)
  await saw(page, [1, 2, 'epoch', 3])
})

test('offline: attempts wait; online again: it connects at once', async () => {
  const { server, url } = await scope.hub()
  const { page } = await open()
  await make(page, url, { reconnect: { minDelay: 50_000, maxDelay: 60_000 } })
  await connect(page)
  await page.context().setOffline(true)
  for (const socket of server.clients) socket.terminate()
  await inState(page, 'reconnecting')
  await page.context().setOffline(false)
  await inState(page, 'connected')
})

describe('a tab behind another', () => {
  /** A connected client in a tab that another tab hides. */
  async function hidden(url: string, options: Options): Promise<Tab> {
    const tab = await Tab.open(browser, pages.url)
    scope.defer(() => tab.close())
    await tab.until('globalThis.hawser')
    await tab.evaluate(
      `client = new hawser.WebSocketClient(${JSON.stringify({ ...options, url })}); client.connect()`,
    )
    const other = await Tab.open(browser, 'about:blank')
    scope.defer(() => other.close())
    await tab.until('document.visibilityState === "hidden"')
    return tab
  }

  test('that has lost its connection, and is looked at again, connects at once', async () => {
    const { server, url } = await scope.hub()
    const tab = await hidden(url, { reconnect: { minDelay: 50_000, maxDelay: 60_000 } })
    for (const socket of server.clients) socket.terminate()
    await tab.until('client.state === "reconnecting"')
    expect(await tab.evaluate('document.visibilityState')).toBe('hidden')
    await tab.bringToFront()
    await tab.until('client.state === "connected"')
    expect(await tab.evaluate('document.visibilityState')).toBe('visible')
  })

  test('goes on: messages come, requests are answered; looked at again it asks for a sign of life', async () => {
    const { hub, url } = await scope.hub()
    hub.handle('double', (n: number) => n * 2)
    const tab = await hidden(url, { heartbeat: { interval: 600_000, timeout: 5_000 } })
    await tab.evaluate(`seen = []; void client.on("m", ({ payload }) => seen.push(payload))`)
    hub.broadcast('m', 1)
    await tab.until('seen.length === 1')
    expect(await tab.evaluate('client.request("double", 4)')).toBe(8)
    expect(await tab.evaluate('client.getPerformanceMetrics().latencyCount')).toBe(0)
    await tab.bringToFront()
    await tab.until('client.getPerformanceMetrics().latencyCount > 0')
    expect(await tab.evaluate('client.state')).toBe('connected')
  })
})

test('heartbeats are messages, and a peer that is silent is left', async () => {
  const { hub, url } = await scope.hub()
  const { page } = await open()
  await make(page, url, { heartbeat: { interval: 20, timeout: 5_000 } })
  await connect(page)
  await page.waitForFunction(
    () => (globalThis as unknown as InPage).client.getPerformanceMetrics().latencyCount >= 3,
  )
  expect(hub.metrics().connections).toBe(1)
  // A server that speaks the protocol, but gives no answers.
  const far = await scope.far()
  const { page: other } = await open()
  await make(other, far.url, { heartbeat: { interval: 20, timeout: 50 } })
  await connect(other)
  await other.waitForFunction(() => (globalThis as unknown as InPage).errors.includes('HEARTBEAT_TIMEOUT'))
})

describe.each(['indexedDB', 'localStorage'])('durable messages in %s', (kind) => {
  const options = { queue: { store: { path: 'kept', kind } } }
  const store = (page: Page, payloads: number[]): Promise<unknown> =>
    page.evaluate(
      (list) =>
        Promise.all(
          list.map((one) => (globalThis as unknown as InPage).client.send('kept', one, { durable: true })),
        ),
      payloads,
    )

  test('outlive the page that is loaded anew, and the one that is killed', async () => {
    const { hub, url } = await scope.hub()
    const got = gathers(hub, 'kept')
    const { page } = await open()
    await make(page, url, options)
    await store(page, [1, 2, 3])
    await page.reload()
    await page.waitForFunction(() => 'hawser' in globalThis)
    await make(page, url, options)
    await store(page, [4])
    expect(got).toEqual([])

    const session = await page.context().newCDPSession(page)
    const crashed = new Promise((resolve) => page.once('crash', resolve))
    session.send('Page.crash').catch(() => undefined)
    await crashed
    const next = await page.context().newPage()
    await next.goto(pages.url)
    await next.waitForFunction(() => 'hawser' in globalThis)
    await make(next, url, options)
    await connect(next)
    await until(() => got.length === 4)
    expect(got).toEqual([1, 2, 3, 4])
    // What the server has acknowledged has left the store.
    await next.waitForFunction(
      () => (globalThis as unknown as InPage).client.getPerformanceMetrics().acked === 4,
    )
    await next.evaluate(() => (globalThis as unknown as InPage).client.close())
    await make(next, url, options)
    expect(await next.evaluate(() => (globalThis as unknown as InPage).client.queued())).toEqual([])
  })
})

test('conditions, conflation, batches and columns; what they need is loaded then, and what comes meanwhile waits', async () => {
  const { hub, url } = await scope.hub()
  hub.on('go', (_payload, ctx) => {
    for (let i = 0; i < 100; i++) ctx.send('tick', { symbol: i % 2 === 0 ? 'A' : 'B', price: i })
    ctx.send('m', 'end')
  })
  const batches = gathers(hub, 'part')
  pages.asked.splice(0)
  const { page } = await open('client')
  await make(page, url, { sendBatch: { max: 10, every: 5_000 } })
  await connect(page)
  await until(() => pages.asked.length === 4)
  const first = ['core.mjs', 'keeping.mjs', 'sending.mjs', 'shaping.mjs']
  expect([...pages.asked].sort()).toEqual(first)
  const out = await page.evaluate(async () => {
    const { client } = globalThis as unknown as InPage
    const all: Record<string, unknown[]> = { where: [], conflated: [], batched: [], columns: [] }
    client.subscribe({ type: 'tick', where: { '/payload/price': { lt: 3 } } }, ({ payload }) =>
      all.where.push(payload.price),
    )
    const latest = new Promise<void>((resolve) =>
      client.subscribe({ type: 'tick', conflate: { key: '/payload/symbol', every: 1 } }, ({ payload }) => {
        all.conflated.push(payload.price)
        if ([98, 99].every((last) => all.conflated.includes(last))) resolve()
      }),
    )
    client.subscribe({ type: 'tick', batch: { max: 50, every: 60_000 } }, (list: unknown[]) =>
      all.batched.push(list.length),
    )
    client.subscribe(
      { type: 'tick', batch: { max: 100, every: 60_000 }, columns: { price: '/payload/price' } },
      ({ price, rows }) =>
        all.columns.push(
          rows,
          price.reduce((sum, one) => sum + one, 0),
        ),
    )
    client.send('go', 1, { priority: 'high' })
    await new Promise((resolve) => client.on('m', resolve))
    await latest
    for (let i = 0; i < 10; i++) client.send('part', i)
    return all
  })
  expect(out).toMatchObject({ where: [0, 1, 2], batched: [50, 50], columns: [100, 4950] })
  expect(out.conflated.slice(-2).sort()).toEqual([98, 99])
  await until(() => batches.length === 10)
  expect([...pages.asked].sort()).toEqual([...first, 'routes.mjs', 'options.mjs'].sort())
  expect(
    await page.evaluate(() => (globalThis as unknown as InPage).client.getPerformanceMetrics().batches),
  ).toBe(1)
})

test('a part that cannot be loaded is an error, and waited for: nothing is lost or overtaken', async () => {
  const { hub, url } = await scope.hub()
  const got = gathers(hub, 'x')
  const { page } = await open()
  const blocked = deferred()
  await page.route('**/shaping.mjs', async (route) => {
    blocked.resolve()
    await route.abort()
  })
  await make(page, url)
  await connect(page)
  await page.evaluate(() => {
    const { client } = globalThis as unknown as InPage
    client.send('x', 1)
    client.send('x', 2, { throttle: 10_000 })
    client.send('x', 3)
  })
  await blocked.promise
  await page.waitForFunction(() => (globalThis as unknown as InPage).errors.includes('CONNECTION_FAILED'))
  await until(() => got.length > 0)
  expect(got).toEqual([1])
  await page.unroute('**/shaping.mjs')
  await until(() => got.length === 3)
  expect(got).toEqual([1, 2, 3])
})

test('rooms, requests and acks stand in line with the rest while their parts are on their way', async () => {
  const { hub, url } = await scope.hub()
  const got = gathers(hub, 'x')
  hub.on('y', (payload) => void got.push([payload, hub.size('r')]))
  hub.handle('sum', (numbers: number[]) => {
    got.push('sum')
    return numbers.reduce((sum, each) => sum + each, 0)
  })
  pages.asked.splice(0)
  const { page } = await open('client')
  const parts = /(?:sending|rooms)\.mjs/
  const blocked = deferred()
  let refused = 0
  await page.route(parts, async (route) => {
    refused++
    blocked.resolve()
    await route.abort()
  })
  await make(page, url)
  await connect(page)
  expect(pages.asked).toEqual(['core.mjs', 'keeping.mjs'])
  const early = await page.evaluate(async () => {
    const { client } = globalThis as unknown as InPage
    const codeOf = (error: unknown): string => (error as { code: string }).code
    client.send('x', 1)
    const joined = client.joinRoom('r')
    const wrong = client.joinRoom('')
    const left = client.joinRoom('gone').then(() => client.leaveRoom('gone'))
    client.send('y', 2, { room: 'r' })
    const numbers = [1, 2]
    const sum = client.request('sum', numbers)
    numbers.push(100)
    const abort = new AbortController()
    const given = client.request('sum', [], { signal: abort.signal }).catch(codeOf)
    abort.abort()
    const acked = client.send('x', 3, { ack: true })
    client.send('x', 4)
    const late = await client.request('sum', [], { timeout: 50 }).catch(codeOf)
    Object.assign(globalThis, {
      told: Promise.all([joined, wrong.catch(codeOf), left, sum, await given, acked]).then((all) =>
        all.slice(1),
      ),
    })
    return [late, client.joinedRooms]
  })
  expect(early).toEqual(['TIMEOUT', ['r', 'gone']])
  await blocked.promise
  await page.waitForFunction(() => (globalThis as unknown as InPage).errors.includes('CONNECTION_FAILED'))
  expect(got).toEqual([])
  await page.unroute(parts)
  const told = await page.evaluate(async () => (globalThis as unknown as { told: Promise<unknown[]> }).told)
  expect(told).toEqual(['INVALID_ARGUMENT', undefined, 3, 'ABORTED', undefined])
  await until(() => got.length === 5)
  expect(got).toEqual([1, [2, 1], 'sum', 3, 4])
  const [rooms, errors] = await page.evaluate(() => {
    const { client, errors } = globalThis as unknown as InPage
    return [client.joinedRooms, errors]
  })
  // Each part is asked for once at a time, however much waits for it.
  expect(rooms).toEqual(['r'])
  expect(errors.length).toBeLessThanOrEqual(refused)
})

test('a client that is closed while a part is on its way settles what waits for it', async () => {
  const { hub, url } = await scope.hub()
  const got = gathers(hub, 'x')
  const gate = deferred()
  scope.defer(() => gate.resolve())
  hub.handle('sum', () => {
    got.push('sum')
    return gate.promise
  })
  const { page } = await open('client')
  await make(page, url)
  await connect(page)
  const asked = deferred()
  const goes = deferred()
  await page.route('**/sending.mjs', async (route) => {
    asked.resolve()
    await goes.promise
    await route.continue()
  })
  const said = page.evaluate(async () => {
    const { client } = globalThis as unknown as InPage
    const codeOf = (error: unknown): string => (error as { code: string }).code
    const all = [client.request('sum').catch(codeOf), client.joinRoom('r').then(() => 'joined', codeOf)]
    client.send('x', 1)
    await client.close()
    return Promise.all(all)
  })
  await asked.promise
  goes.resolve()
  const [asking, joining] = await said
  expect(asking).toBe('CONNECTION_LOST')
  // The answer may be faster than the goodbye.
  expect(['CONNECTION_LOST', 'joined']).toContain(joining)
  await until(() => got.length === 2)
  expect(got).toEqual(['sum', 1])
})

test('a client that is closed does not wait for a part that cannot be loaded', async () => {
  const { url } = await scope.hub()
  const { page } = await open('client')
  await page.route('**/sending.mjs', (route) => route.abort())
  await make(page, url)
  await connect(page)
  const said = await page.evaluate(async () => {
    const { client } = globalThis as unknown as InPage
    const failed = new Promise((resolve) => client.on('error', resolve))
    const asked = client.request('sum').catch((error: unknown) => (error as { code: string }).code)
    await failed
    await client.close()
    return [await asked, client.state]
  })
  expect(said).toEqual(['CONNECTION_CLOSED', 'disconnected'])
})

test('subscriptions and tokens that are wrong say so when their part is there', async () => {
  const { url } = await scope.hub()
  const { page } = await open()
  const said = await page.evaluate(async (url) => {
    const { WebSocketClient } = (globalThis as unknown as InPage).hawser
    const told: string[] = []
    const client = new WebSocketClient({ url })
    const failed = new Promise<void>((resolve) =>
      client.on('error', ({ code, message }) => {
        told.push(`${code} ${message}`)
        resolve()
      }),
    )
    client.subscribe({ type: 'm', conflate: { key: 'k', every: 5 } }, () => undefined)
    await failed
    await client.close()
    const other = new WebSocketClient({ url, auth: { token: '' } })
    other.on('error', ({ code, message }) => told.push(`${code} ${message}`))
    await other.connect().catch(() => undefined)
    await other.close()
    return told
  }, url)
  expect(said[0]).toMatch(/^INVALID_OPTION .*`conflate.key` must be a JSON pointer/)
  expect(said[1]).toMatch(/^INVALID_OPTION .*`auth.token` must be a function/)
})

test('tokens: the first message says who it is, a refused one is asked for anew', async () => {
  const { hub, url } = await scope.hub({
    auth: (_request, token) => (token === 'good' ? { userId: 'ann' } : undefined),
  })
  const { page } = await open()
  const reasons = await page.evaluate(async (url) => {
    const { WebSocketClient } = (globalThis as unknown as InPage).hawser
    const asked: string[] = []
    const client = new WebSocketClient({
      url,
      reconnect: { minDelay: 10, maxDelay: 40 },
      auth: (reason) => {
        asked.push(reason)
        return asked.length === 1 ? 'bad' : 'good'
      },
    })
    await client.connect()
    return asked
  }, url)
  expect(reasons).toEqual(['connect', 'refused'])
  expect(hub.metrics().connections).toBe(1)
})
