// The contract of the portable engine in Chromium: the cases that it meets in Node (test/contract), loaded by pages, with
// the client that pages get and servers in Node.
import { type Deferred, deferred } from '../support/waiters'
import { bundle, loadInNode } from './contract/bundle'
import { type Way, impossible } from './contract/cannot'
import { Host } from './contract/host'
import { Cases } from './contract/in-page/cases'
import { type TestBrowser, startChromium } from './support/chromium'
import { type QuietPage, openQuietly } from './support/quiet-page'

/** Pages at a time: as many as there are processors where tests run. */
const width = 2

const paths: Record<string, string> = {
  'hub-client': require.resolve('../integration/hub-client.test'),
  'hub-reconnect': require.resolve('../integration/hub-reconnect.test'),
  'client-reconnect': require.resolve('./contract/in-page/reconnect'),
}
for (const name of [
  ...['queue', 'routing', 'close', 'requests', 'batch', 'shaping', 'codec'],
  ...['dialect-feeds', 'dialect-json-rpc', 'dialect-socket-io'],
])
  paths[`client-${name}`] = require.resolve(`../integration/client-${name}.test`)

/** What a page does: the cases of a file over one way. */
interface Share {
  file: string
  way: Way
  /** What goes wrong, by the names of the cases. */
  outcomes: Map<string, Deferred<string | undefined>>
}

const namesOf = new Map(Object.keys(paths).map((file) => [file, collect(file)]))

/** The names of a file's cases. It is loaded for them alone: a page does what they say. */
function collect(file: string): string[] {
  const cases = new Cases()
  const mine = Object.fromEntries(
    Object.keys(cases.globals).map((name) => [name, (globalThis as Record<string, unknown>)[name]]),
  )
  Object.assign(globalThis, cases.globals)
  try {
    jest.requireActual(paths[file])
  } finally {
    Object.assign(globalThis, mine)
  }
  return cases.names
}
function share(file: string, way: Way = 'WebSocket'): Share {
  const cannot = impossible.filter((one) => one.file === file && one.ways.includes(way))
  const names = namesOf.get(file)!.filter((name) => cannot.every((one) => one.name !== name))
  return { file, way, outcomes: new Map(names.map((name) => [name, deferred<string | undefined>()])) }
}
/** Sessions over HTTP live by the clock: Node's loop may not stand still for cases that ask it for a lot meanwhile. */
const byTheClock = [share('hub-reconnect', 'HTTP'), share('hub-client', 'polls'), share('hub-client', 'HTTP')]
const others = Object.keys(paths).map((file) => share(file))
const shares = [...byTheClock, ...others]

let browser: TestBrowser
let host: Host
let pages: Promise<unknown> = Promise.resolve()
beforeAll(async () => {
  host = new Host(loadInNode, await bundle(paths))
  browser = await startChromium()
  pages = inPages(byTheClock).then(() => inPages(others))
})
afterAll(async () => {
  // The last case has its outcome before its page is closed.
  await pages
  await browser.close()
  await host.close()
})

/** Runs shares in turn, some side by side. */
async function inPages(some: readonly Share[]): Promise<void> {
  const waiting = [...some]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await inPage(next)
  }
  await Promise.all(Array.from({ length: width }, work))
}

/** Runs a share in a page of its own. */
async function inPage({ file, way, outcomes }: Share): Promise<void> {
  let page: QuietPage | undefined
  try {
    page = await openQuietly(browser.browser, await host.url())
    if (page.faults.length > 0) throw new Error(page.faults.join('\n'))
    const carrier =
      way === 'WebSocket'
        ? 'contract.carrier.WebSocket = WebSocket'
        : `contract.overHttp({ polls: ${String(way === 'polls')} })`
    const names = await page.evaluate<string[]>(`${carrier}; contract.load(contract.files['${file}'])`)
    expect(names).toEqual(namesOf.get(file))
    for (const [place, name] of names.entries()) {
      const outcome = outcomes.get(name)
      if (outcome === undefined) continue
      outcome.resolve(await page.evaluate<string | undefined>(`contract.run(${place})`))
    }
  } catch (error) {
    for (const outcome of outcomes.values()) outcome.resolve(`the page failed: ${String(error)}`)
  } finally {
    await page?.close()
  }
}

describe.each(shares)('$file over $way', ({ outcomes }) => {
  test.each([...outcomes])('%s', async (_name, outcome) => {
    const fault = await outcome.promise
    if (fault !== undefined) throw new Error(fault)
  })
})

test('what is said to be impossible in pages is there', () => {
  for (const { file, name, ways } of impossible) {
    expect(namesOf.get(file)).toContain(name)
    for (const way of ways) expect(shares.some((one) => one.file === file && one.way === way)).toBe(true)
  }
})
