// A real Chromium for tests: one browser for a test file, a fresh context (storage, cache) for each page that asks.
// The browser is the system's (Debian's package chromium); playwright-core only drives it.
import { chromium as driver, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { chromium } from '../../../scripts/lib/system-packages.mjs'

function executable(): string {
  const found = chromium()
  if (found !== undefined) return found
  throw new Error(
    'no Chromium on this machine; "node scripts/setup.mjs" installs it, or run: apt-get install chromium',
  )
}

/** A page, and what went wrong in it: uncaught errors and messages of `console.error`. */
export interface OpenPage {
  page: Page
  faults: string[]
}

export interface TestBrowser {
  browser: Browser
  /** Opens a page in a context of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<OpenPage>
  close(): Promise<void>
}

/**
 * Starts Chromium without a window. What a page is waited for has 20 s, far beyond what it takes.
 * @param args more flags of Chromium
 */
export async function startChromium(args: string[] = []): Promise<TestBrowser> {
  const browser = await driver.launch({
    executablePath: executable(),
    // Root has no sandbox, and /dev/shm of containers is small.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--mute-audio', ...args],
  })
  return {
    browser,
    async open(url, options) {
      const context = await browser.newContext(options)
      context.setDefaultTimeout(20_000)
      const page = await context.newPage()
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(String(error)))
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text())
      })
      await page.goto(url)
      return { page, faults }
    },
    close: () => browser.close(),
  }
}
