// The examples as people run them: the built pages, and their server as a process that can be killed and started again.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { within } from '../../support/waiters'
import { startChromium, type OpenPage, type TestBrowser } from './chromium'

const root = resolve(__dirname, '../../..')

/** A build and the start of a server, on a machine with much else to do. */
const patience = 120_000

/** Runs a script of the project and resolves with what it prints first that fits. */
async function says(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = ''
  const found = new Promise<string>((resolve_, reject) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const match = pattern.exec(output)
      if (match !== null) resolve_(match[1])
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('close', (code) => reject(new Error(`the script ended with ${String(code)}: ${output}`)))
  })
  return await within(found, `${String(pattern)} of the script`, patience)
}

const node = (...args: string[]) =>
  spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })

/** Builds what has changed; files that want it at the same time take turns at the lock of builds. */
async function buildPages(): Promise<void> {
  const script = `import('./examples/web/build.mjs').then(({ buildPages }) => buildPages()).then(() => console.log('built'))`
  await says(node('-e', script), /(built)\n/)
}

export class ExampleServer {
  private child: ChildProcess | undefined
  url = ''

  /** @param data the folder of what outlives the process; 'none' for nothing */
  constructor(private readonly data = 'none') {}

  async start(port = 0): Promise<void> {
    const args = ['--built', '--port', String(port), '--data', this.data]
    this.child = node('examples/web.mjs', ...args)
    this.url = await says(this.child, /(http:\S+)\n/)
  }
  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this
    if (child === undefined) return
    this.child = undefined
    const closed = new Promise((done) => child.once('close', done))
    child.kill(signal)
    await within(closed, 'end of the server')
  }
  /** Without a word to anybody. */
  kill(): Promise<void> {
    return this.end('SIGKILL')
  }
  stop(): Promise<void> {
    return this.end('SIGTERM')
  }
  /** Again at the same address. */
  async startAgain(): Promise<void> {
    await this.start(Number(new URL(this.url).port))
  }
  /** A figure of the hub. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}metrics`)).text()
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  }
}

export interface Person extends OpenPage {
  /** What went wrong, but for connections that cannot be made: browsers say that aloud. */
  wrong(): string[]
}

export interface Examples {
  server: ExampleServer
  /** Opens a page as somebody. */
  person(path: string, name: string, options?: BrowserContextOptions): Promise<Person>
}

/** A browser and a server for a test file; each test's pages are closed behind it. */
export function useExamples(data: () => string = () => 'none'): Examples {
  let browser: TestBrowser
  const examples = {} as Examples
  const open: Page[] = []
  beforeAll(async () => {
    await buildPages()
    examples.server = new ExampleServer(data())
    await examples.server.start()
    browser = await startChromium()
  })
  afterEach(async () => {
    for (const page of open.splice(0)) await page.context().close()
  })
  afterAll(async () => {
    await browser?.close()
    await examples.server?.stop()
  })
  examples.person = async (path, name, options) => {
    const opened = await browser.open(
      `${examples.server.url}${path === '' ? '' : `${path}/`}?as=${encodeURIComponent(name)}`,
      options,
    )
    open.push(opened.page)
    const expected = /WebSocket connection to|net::ERR_|ERR_INTERNET_DISCONNECTED/
    return { ...opened, wrong: () => opened.faults.filter((fault) => !expected.test(fault)) }
  }
  return examples
}

/** Settles once the page says so; it is asked again and again, since its policy lets no test evaluate in it by itself. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  let given = true
  const met = (async () => {
    while (given && !(await holds())) await new Promise((again) => setTimeout(again, 30))
  })()
  await within(met, `moment in which ${holds.toString()}`, 20_000).finally(() => (given = false))
}

const axe = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8')

/** Serious faults of accessibility that axe finds, each with the element. */
export async function accessFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return await page.evaluate(async () => {
    type Result = { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }
    const { run } = (globalThis as unknown as { axe: { run(): Promise<{ violations: Result[] }> } }).axe
    const { violations } = await run()
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
      )
  })
}

export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
}
