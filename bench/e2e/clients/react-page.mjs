// A page in Chromium that shows a feed with React, and what it costs: renderings, frames, time in scripts.
import { build } from 'esbuild'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { WebSocketServer } from 'ws'
import { chromium as installed } from '../../../scripts/lib/system-packages.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../../..')
const require = createRequire(join(root, 'package.json'))

/** Messages a second, and how many rows the page shows. */
export const rate = 10_000
const rows = 20

async function programOf(page) {
  const { outputFiles } = await build({
    entryPoints: [join(here, page)],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    minify: true,
    tsconfigRaw: {},
    define: { 'process.env.NODE_ENV': '"production"', ROWS: String(rows) },
    // Both pages have the same React, and hawser is what is built.
    alias: {
      react: dirname(require.resolve('react/package.json')),
      'react-dom': dirname(require.resolve('react-dom/package.json')),
    },
  })
  return outputFiles[0].text
}

/** Sends so many seconds of numbered ticks, from number `first` on; resolves with the number of the last. */
function feedFor(seconds, first, server) {
  const begun = performance.now()
  const end = first + seconds * rate
  let next = first
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(end, first + Math.floor(((performance.now() - begun) / 1000) * rate))
      for (; next < due; next++) {
        const payload = { n: next, symbol: `S${next % 100}`, price: (next % 1000) / 10 }
        const text = JSON.stringify({ type: 'tick', timestamp: 1767225600000, payload })
        for (const socket of server.clients) socket.send(text)
      }
      if (next < end) return
      clearInterval(timer)
      resolve(end - 1)
    }, 5)
  })
}

/** Runs a page and prints what it cost. */
export async function measure(page) {
  const { seconds, warmup } = JSON.parse(process.argv[2])
  const program = await programOf(page)
  const http = createServer((request, response) => {
    const script = request.url === '/page.js'
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html')
    response.end(
      script ? program : '<!doctype html><title>feed</title><body><script src="/page.js"></script>',
    )
  })
  const feed = new WebSocketServer({ server: http, perMessageDeflate: false })
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address()
  const browser = await chromium.launch({
    executablePath: installed(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
  try {
    const tab = await browser.newPage()
    tab.once('pageerror', (error) => console.error(error))
    tab.setDefaultTimeout(120_000)
    const session = await tab.context().newCDPSession(tab)
    // Processor time of the page's thread: time on the clock would count what others do meanwhile on a busy machine.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    await tab.goto(`http://127.0.0.1:${port}/`)
    await tab.waitForFunction('seen.open')
    const look = async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      const cost = Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
      return { ...cost, ...(await tab.evaluate('({ ...seen })')) }
    }
    // A page that lags behind is given the time to show all: what it has put off is part of what the feed costs.
    const shown = async (last) =>
      await tab.waitForFunction(`seen.last === ${last}`, undefined, { polling: 100 })
    const last = await feedFor(warmup, 0, feed)
    await shown(last)
    const before = await look()
    await shown(await feedFor(seconds, last + 1, feed))
    const after = await look()
    const of = (name) => after[name] - before[name]
    const result = {
      scripting: (of('ScriptDuration') / seconds) * 1000,
      task: (of('TaskDuration') / seconds) * 1000,
      took: of('Timestamp'),
      renders: of('renders'),
      frames: of('frames'),
      messages: of('count'),
    }
    console.log(JSON.stringify({ ...result, rendersPerFrame: result.renders / (result.frames + 1) }))
  } finally {
    await browser.close()
    feed.close()
    http.closeAllConnections()
    http.close()
  }
}
