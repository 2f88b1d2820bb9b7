// The contract of the portable engine in Chromium: the cases that it meets in Node (test/contract), loaded by pages, with
// the client that pages get and servers in Node.
import type { Page } from 'playwright-core'
import { type Deferred, deferred } from '../support/waiters'
import { bundle, loadInNode } from './contract/bundle'
import { type Way, impossible } from './contract/cannot'
import { Host } from './contract/host'
import { Cases } from './contract/in-page/cases'
import { type TestBrowser, startChromium } from './support/chromium'

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
const shares = [
  share('hub-client', 'polls'),
  share('hub-client', 'HTTP'),
  share('hub-reconnect', 'HTTP'),
  ...Object.keys(paths).map((file) => share(file)),
]

/** What a page's program leaves in `globalThis`. */
interface InPage {
  contract: {
    load(run: () => unknown): Promise<string[]>
    run(place: number): Promise<string | undefined>
    files: Record<string, () => unknown>
    carrier: { WebSocket?: unknown }
    overHttp(options: { polls: boolean }): void
  }
}

let browser: TestBrowser
let host: Host
let pages: Promise<unknown> = Promise.resolve()
beforeAll(async () => {
  host = new Host(loadInNode, await bundle(paths))
  browser = await startChromium()
  const waiting = [...shares]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await inPage(next)
  }
  pages = Promise.all(Array.from({ length: width }, work))
})
afterAll(async () => {
  // The last case has its outcome before its page is closed.
  await pages
  await browser.close()
  await host.close()
})

/** Runs a share in a page of its own. */
async function inPage({ file, way, outcomes }: Share): Promise<void> {
  let page: Page | undefined
  try {
    const opened = await browser.open(await host.url())
    page = opened.page
    if (opened.faults.length > 0) throw new Error(opened.faults.join('\n'))
    const names = await page.evaluate(
      ([file, way]) => {
        const { contract } = globalThis as unknown as InPage
        if (way === 'WebSocket') contract.carrier.WebSocket = WebSocket
        else contract.overHttp({ polls: way === 'polls' })
        return contract.load(contract.files[file])
      },
      [file, way] as const,
    )
    expect(names).toEqual(namesOf.get(file))
    for (const [place, name] of names.entries()) {
      const outcome = outcomes.get(name)
      if (outcome === undefined) continue
      const fault = await page.evaluate(
        (place) => (globalThis as unknown as InPage).contract.run(place),
        place,
      )
      outcome.resolve(fault)
    }
  } catch (error) {
    for (const outcome of outcomes.values()) outcome.resolve(`the page failed: ${String(error)}`)
  } finally {
    await page?.context().close()
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
