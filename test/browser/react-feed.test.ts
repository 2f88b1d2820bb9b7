// hawser/react in Chromium: what a feed of 10,000 messages a second costs in renderings.
import { build } from 'esbuild'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { Hub, WebSocketServer } from '../../lib'
import { event, until } from '../support/waiters'
import { startChromium, type TestBrowser } from './support/chromium'

let browser: TestBrowser
let pages: Server
let origin: string
let program: string
beforeAll(async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(__dirname, 'pages/react-feed.tsx')],
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    jsx: 'automatic',
    // What the exports of the package say, not where its sources are.
    tsconfigRaw: {},
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  // One copy of the engine: that of `hawser` itself.
  const ours = Object.keys(metafile.inputs).filter((name) => name.startsWith('dist/'))
  expect(ours).toContain('dist/browser/core.mjs')
  expect(ours.filter((name) => !name.startsWith('dist/browser/'))).toEqual(['dist/react/browser.mjs'])
  program = outputFiles[0].text
  pages = createServer((request, response) => {
    const script = request.url === '/page.js'
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html')
    response.end(
      script ? program : '<!doctype html><title>feed</title><body><script src="/page.js"></script>',
    )
  })
  pages.listen(0, '127.0.0.1')
  await event(pages, 'listening')
  origin = `http://127.0.0.1:${(pages.address() as { port: number }).port}`
  browser = await startChromium()
})
afterAll(async () => {
  await browser.close()
  pages.close()
})

test('a feed of 10,000 messages a second is rendered at most once a frame, and nothing is missed', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const hub = new Hub(server)
  let connections = 0
  server.on('connection', () => connections++)
  await event(server, 'listening')
  const { port } = server.address() as { port: number }
  const { page, faults } = await browser.open(`${origin}/#ws://127.0.0.1:${port}`)
  await page.waitForFunction('seen.state === "connected"')

  interface Seen {
    renders: number
    frames: number
    count: number
  }
  const look = (): Promise<Seen> => page.evaluate('({ ...seen })')
  const before = await look()
  const total = 20_000
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      for (let i = 0; i < 100 && sent < total; i++) hub.broadcast('tick', sent++)
      if (sent < total) return
      clearInterval(timer)
      resolve()
    }, 10)
  })
  await page.waitForFunction(`seen.count === ${total}`)
  const after = await look()
  const [renders, frames] = [after.renders - before.renders, after.frames - before.frames]
  console.log(`${total} messages: ${renders} renderings in ${frames} frames`)
  expect(renders).toBeGreaterThan(0)
  // One more: that of the frame in which the look was taken.
  expect(renders).toBeLessThanOrEqual(frames + 1)
  expect(await page.locator('li').allTextContents()).toEqual(
    Array.from({ length: 20 }, (_, i) => String(total - 20 + i)),
  )
  // StrictMode mounts everything twice.
  expect(connections).toBe(1)
  expect(faults).toEqual([])
  await page.context().close()
  await until(() => hub.connections.length === 0)
  await hub.close()
})
