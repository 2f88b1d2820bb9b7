// The browser itself: what the tests of this folder rely on.
import { startChromium, type TestBrowser } from './support/chromium'

let browser: TestBrowser
beforeAll(async () => {
  browser = await startChromium()
})
afterAll(() => browser.close())

test('pages have contexts of their own, and tell what goes wrong in them', async () => {
  const { page, faults } = await browser.open('data:text/html,<title>one</title>')
  await page.evaluate(() => console.error('said aloud'))
  expect(await page.title()).toBe('one')
  expect(faults).toEqual(['said aloud'])
  const other = await browser.open('data:text/html,<title>two</title>')
  expect(other.page.context()).not.toBe(page.context())
  expect(other.faults).toEqual([])
})
