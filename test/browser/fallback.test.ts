// A page whose WebSocket does not get through chats by HTTP, with a hub of another origin.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import type { WebSocketClient } from '../../lib'
import { ReverseProxy } from '../support/reverse-proxy'
import { event, until } from '../support/waiters'
import { useHubs } from '../integration/support/hubs'
import { startChromium, type TestBrowser } from './support/chromium'

const scope = useHubs()
let browser: TestBrowser
beforeAll(async () => {
  browser = await startChromium()
})
afterAll(() => browser.close())

/** A page that has the package. */
async function pages(): Promise<string> {
  const built = join(__dirname, '../../dist/browser')
  const server = createServer(({ url = '/' }, response) => {
    if (url === '/') {
      response.setHeader('Content-Type', 'text/html')
      const script =
        "import { WebSocketClient } from '/index.mjs'; globalThis.WebSocketClient = WebSocketClient"
      response.end(`<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`)
    } else {
      response.setHeader('Content-Type', 'text/javascript')
      response.end(readFileSync(join(built, basename(url))))
    }
  })
  server.listen(0, '127.0.0.1')
  await event(server, 'listening')
  scope.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What the page's script keeps for the next one. */
interface Page {
  WebSocketClient: typeof WebSocketClient
  client: WebSocketClient
  heard: unknown[]
}

test.each([
  ['streamed', false],
  ['polled', true],
])('%s: a chat, a lost connection, a goodbye', async (_how, gathers) => {
  const origin = await pages()
  const { hub, port } = await scope.hub({ fallback: true, history: true }, { origins: [origin] })
  hub.on('chat', (payload, ctx, { room }) => void ctx.to(room as string).send('chat', payload))
  hub.handle('double', (n: number) => n * 2)
  const proxy = await ReverseProxy.listen(port, { upgrades: 'refuse', gathers })
  scope.defer(() => proxy.close())
  const { page, faults } = await browser.open(origin)
  const doubled = await page.evaluate(async (url) => {
    const kept = globalThis as unknown as Page
    kept.heard = []
    kept.client = new kept.WebSocketClient({
      url,
      reconnect: { minDelay: 20, maxAttempts: 20 },
      fallback: { after: 1, patience: 1_000 },
    })
    kept.client.on('chat', ({ payload }: { payload: unknown }) => void kept.heard.push(payload))
    await kept.client.connect()
    await kept.client.joinRoom('r')
    return await kept.client.request('double', 21)
  }, `ws://127.0.0.1:${proxy.port}/`)
  expect(doubled).toBe(42)
  expect(hub.connections.map(({ request }) => [request.overHttp, request.headers['origin']])).toEqual([
    [true, origin],
  ])
  const heard = (count: number): Promise<unknown> =>
    page.waitForFunction((n) => (globalThis as unknown as Page).heard.length >= n, count)
  for (let i = 0; i < 20; i++) hub.to('r').send('chat', `é ${i}`)
  await heard(20)
  // The session goes on over new connections.
  proxy.cut()
  hub.to('r').send('chat', 'behind the cut')
  await heard(21)
  // A session that is lost is resumed in another.
  for (const { socket } of hub.connections) socket.terminate()
  await until(() => hub.connections.length === 0)
  hub.to('r').send('chat', 'missed')
  await heard(22)
  expect(await page.evaluate(() => (globalThis as unknown as Page).heard)).toEqual([
    ...[...Array(20).keys()].map((i) => `é ${i}`),
    'behind the cut',
    'missed',
  ])
  const ended = event<[number]>(hub.connections[0].socket, 'close')
  await page.evaluate(() => (globalThis as unknown as Page).client.close())
  expect((await ended)[0]).toBe(1000)
  // The browser itself complains of what the proxy refused and cut.
  expect(faults.filter((text) => !/WebSocket connection|Failed to load resource/.test(text))).toEqual([])
})
