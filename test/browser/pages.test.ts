// What holds for every page of the examples: nothing goes wrong in it, everybody can use it, it fits a phone, and it is
// one connection, although strict mode mounts everything twice.
import { accessFaults, phone, useExamples } from './support/examples'

const examples = useExamples()

/** Something that is there once the page is. */
const pages = {
  chat: '# general',
  notifications: 'Nothing to tell',
  presence: 'Only you so far',
  events: 'Nothing is planned',
  queue: 'Nobody waits',
  editor: 'Saved',
}
const widest = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

test.each(Object.entries(pages))('%s', async (path, ready) => {
  const before = await examples.server.metric('hawser_hub_connections_total')
  const dark = await examples.person(path, 'Ada', {
    colorScheme: 'dark',
    viewport: { width: 1280, height: 800 },
  })
  await dark.page.getByText(ready).first().waitFor()
  expect(await accessFaults(dark.page)).toEqual([])
  expect(await examples.server.metric('hawser_hub_connections_total')).toBe(before + 1)
  expect(await dark.page.evaluate(widest)).toBe(0)
  expect(dark.faults).toEqual([])
  await dark.page.close()

  const light = await examples.person(path, 'Ada', phone)
  await light.page
    .getByText(path === 'chat' ? 'engineering' : ready)
    .first()
    .waitFor()
  expect(await accessFaults(light.page)).toEqual([])
  expect(await light.page.evaluate(widest)).toBe(0)
  expect(light.faults).toEqual([])
})

test('the way in: the list of the examples, and the question who one is', async () => {
  const home = await examples.person('', 'Ada', phone)
  expect(await accessFaults(home.page)).toEqual([])
  expect(await home.page.evaluate(widest)).toBe(0)
  for (const path of Object.keys(pages))
    expect(await home.page.locator(`a[href$="${path}/"]`).count()).toBe(1)

  await home.page.getByRole('link', { name: 'Waiting room' }).click()
  await home.page.getByLabel('Your name').fill('  Ada / Lovelace ')
  expect(await accessFaults(home.page)).toEqual([])
  await home.page.getByLabel('Your name').press('Enter')
  await home.page.getByRole('heading', { name: 'Ada Lovelace’s ticket' }).waitFor()
  await home.page.getByRole('button', { name: /be somebody else/ }).click()
  await home.page.getByLabel('Your name').waitFor()
  expect(home.faults).toEqual([])
})
