// The live dashboard of `npm run demo` in a real browser: what it shows, and what its buttons do.
import type { Page } from 'playwright-core'
import { startChromium, type OpenPage, type TestBrowser } from './support/chromium'
import { startDemo, type RunningDemo } from './support/demo'
import { accessFaults } from './support/examples'

/** For what takes seconds by itself, on a machine with much else to do. */
const patience = { timeout: 40_000 }
const desktop = { width: 1280, height: 900 }

let demo: RunningDemo
let browser: TestBrowser
let visitor: OpenPage
let page: Page

beforeAll(async () => {
  // One after the other: where one does not start, the other is known and ended.
  browser = await startChromium()
  // The feed leaves the machine to the other tests.
  demo = await startDemo('--port', '0', '--rate', '200000')
  visitor = await browser.open(demo.url, { viewport: desktop, colorScheme: 'light' })
  page = visitor.page
  await state(page, 'connected')
})
afterAll(async () => {
  await browser?.close()
  const { code, output } = await demo.end()
  // The watcher of the demo has checked all of it.
  expect(output).toMatch(/Checked by a watcher: nothing missed, nothing lost\.\n$/)
  expect(code).toBe(0)
})

const fact = (of: Page, name: string) => of.locator(`[data-fact=${name}]`)
const figure = (of: Page, name: string) => of.locator(`[data-figure=${name}]`)
const state = (of: Page, name: string) => fact(of, 'state').filter({ hasText: name }).waitFor(patience)
/** An entry of what happened. */
const told = (of: Page, words: RegExp) => of.locator('.happenings li').filter({ hasText: words }).first()
/** A message of the chat; of one's own whether it waits still. */
const line = (of: Page, text: string, waits?: boolean) => {
  const status = waits === undefined ? '' : waits ? '[data-status=sending]' : ':not([data-status=sending])'
  return of.locator(`.chat .line${status}`).filter({ hasText: text })
}
const press = (of: Page, name: RegExp) => of.getByRole('button', { name }).click(patience)

async function say(of: Page, text: string): Promise<void> {
  await of.getByLabel('Message', { exact: true }).fill(text)
  await of.keyboard.press('Enter')
}
async function nothingMissed(of: Page): Promise<void> {
  expect(await fact(of, 'missed').innerText()).toMatch(/^0 of [1-9]/)
  expect(await fact(of, 'twice').innerText()).toBe('0')
}
/** Browsers say aloud that a connection could not be made; nothing else may have gone wrong. */
const wrong = ({ faults }: OpenPage) => faults.filter((text) => !/^WebSocket connection to /.test(text))

test('shows rates that are not zero', async () => {
  for (const name of ['feed', 'js', 'page', 'trip'])
    await figure(page, name).filter({ hasText: /[1-9]/ }).waitFor(patience)
  await figure(page, 'people').filter({ hasText: '1' }).waitFor(patience)
  await page.locator('.departures tbody tr').nth(10).waitFor(patience)
  expect(await page.locator('.plot canvas').count()).toBe(4)
})

test('visitors see and hear each other', async () => {
  const other = await browser.open(demo.url)
  await state(other.page, 'connected')
  await figure(page, 'people').filter({ hasText: '2' }).waitFor(patience)
  await say(page, 'anybody there?')
  await line(other.page, 'anybody there?').waitFor(patience)
  await say(other.page, 'me')
  await line(page, 'me').waitFor(patience)
  await line(page, 'anybody there?', false).waitFor(patience)
  expect(wrong(other)).toEqual([])
  await other.page.context().close()
  await figure(page, 'people').filter({ hasText: '1' }).waitFor(patience)
})

test('renders once a frame at most, in bounded memory', async () => {
  const session = await page.context().newCDPSession(page)
  const heap = async (): Promise<{ used: number; nodes: number }> => {
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize } = await session.send('Runtime.getHeapUsage')
    const { nodes } = await session.send('Memory.getDOMCounters')
    return { used: usedSize, nodes }
  }
  const before = await heap()
  // React changes the table once for each rendering; observers hear of it right behind that.
  const { commits, frames } = await page.evaluate(async () => {
    let [commits, frames] = [0, 0]
    const observer = new MutationObserver(() => commits++)
    const table = document.querySelector('.departures tbody') as Element
    observer.observe(table, { subtree: true, childList: true, characterData: true })
    const begin = performance.now()
    while (performance.now() - begin < 2_000) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      frames++
    }
    observer.disconnect()
    return { commits, frames }
  })
  expect(commits).toBeGreaterThan(0)
  expect(commits).toBeLessThanOrEqual(frames + 1)
  const after = await heap()
  expect(after.nodes - before.nodes).toBeLessThan(500)
  expect(after.used - before.used).toBeLessThan(4_000_000)
})

test('a blocked event loop costs no connection, no heartbeat and nothing of the feed', async () => {
  await press(page, /^Block its event loop/)
  await told(page, /You blocked the event loop for 5\.\d\d s\. .* took in [1-9][\d,]+ messages/).waitFor(
    patience,
  )
  await told(page, /This connection stayed\. [1-9]\d* heartbeats? came back meanwhile/).waitFor(patience)
  await page.getByRole('img', { name: /^Event-loop lag/ }).waitFor()
  expect(await fact(page, 'reconnects').innerText()).toBe('0')
  await nothingMissed(page)
})

test('what is written while the connection is cut waits, and what was missed follows', async () => {
  const other = await browser.open(demo.url)
  await state(other.page, 'connected')
  await press(page, /^Cut my connection/)
  await state(page, 'reconnecting')
  // It waits for no longer than the page is refused, so each of these looks on from the start.
  await Promise.all([
    line(page, 'written without a connection', true).waitFor(patience),
    fact(page, 'queue').filter({ hasText: '1 message' }).waitFor(patience),
    say(page, 'written without a connection'),
  ])
  await say(other.page, 'said meanwhile')
  await state(page, 'connected')
  await line(page, 'written without a connection', false).waitFor(patience)
  await line(page, 'said meanwhile').waitFor(patience)
  await line(other.page, 'written without a connection').waitFor(patience)
  await told(page, /Back after .* followed, 0 missed\. 1 waiting message went out\./).waitFor(patience)
  expect(await fact(page, 'reconnects').innerText()).toBe('1')
  await nothingMissed(page)
  await nothingMissed(other.page)
  await other.page.context().close()
})

test('a killed server is back, and nothing is missing or twice', async () => {
  await press(page, /^Kill the server/)
  await told(page, /You killed the server\. Process number 2 listened after/).waitFor(patience)
  await told(page, /Back after .* followed, 0 missed\.$/).waitFor(patience)
  await state(page, 'connected')
  await nothingMissed(page)
  // Who comes later finds what was said before.
  const late = await browser.open(demo.url)
  await line(late.page, 'said meanwhile').waitFor(patience)
  await figure(late.page, 'feed').filter({ hasText: /[1-9]/ }).waitFor(patience)
  await late.page.context().close()
  expect(wrong(visitor)).toEqual([])
})

test.each(['light', 'dark'] as const)('axe finds no serious fault, %s', async (colorScheme) => {
  await page.emulateMedia({ colorScheme })
  expect(await accessFaults(page)).toEqual([])
})

test('a phone shows all of it without a horizontal scroll bar', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  // Charts follow the size of their places a frame later.
  await page.waitForFunction(() =>
    [...document.querySelectorAll('canvas')].every(
      (chart) => chart.getBoundingClientRect().right <= innerWidth,
    ),
  )
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 100)),
  )
  expect(wide).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
})
