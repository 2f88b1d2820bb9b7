// Notifications, presence, events and the editor of the examples: two people each.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessFaults, eventually, type Person, useExamples } from './support/examples'

const data = mkdtempSync(join(tmpdir(), 'hawser-team-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))
const examples = useExamples(() => data)

describe('notifications', () => {
  const badge = ({ page }: Person, count: number) => page.getByRole('status', { name: `${count} unread` })
  const item = ({ page }: Person, title: string) => page.locator('.item', { hasText: title })
  async function post({ page }: Person, to: string, title: string, priority: string): Promise<void> {
    await page.getByLabel('To', { exact: true }).selectOption({ label: to })
    await page.getByLabel('Title').fill(title)
    await page.getByText(priority, { exact: true }).click()
    await page.getByRole('button', { name: 'Send' }).click()
  }

  test('reach everybody or one, and a mark on one page holds on all', async () => {
    const ada = await examples.person('notifications', 'Ada')
    await badge(ada, 0).waitFor()
    await ada.page.getByText('Nothing to tell').waitFor()
    const [again, ben] = [
      await examples.person('notifications', 'Ada'),
      await examples.person('notifications', 'Ben'),
    ]
    await ben.page.getByText('Nothing to tell').waitFor()
    await post(ben, 'Everybody', 'The cake is here', 'urgent')
    await ben.page.getByText('Told 2 people.').waitFor()
    for (const page of [ada, again, ben]) await badge(page, 1).waitFor()
    await item(ada, 'The cake is here').getByText('urgent').waitFor()
    expect(await accessFaults(ada.page)).toEqual([])
    expect(await ada.page.title()).toBe('(1) Notifications · hawser')

    await ada.page.getByRole('button', { name: 'Mark as read: The cake is here' }).click()
    for (const page of [ada, again]) await badge(page, 0).waitFor()
    await badge(ben, 1).waitFor()
    await post(ada, 'Me', 'A note', 'low')
    await badge(again, 1).waitFor()
    await again.page.getByRole('button', { name: 'Unread' }).click()
    await item(again, 'The cake is here').waitFor({ state: 'detached' })

    await ada.page.getByRole('button', { name: 'Dismiss: The cake is here' }).click()
    await ada.page.reload()
    await item(ada, 'A note').waitFor()
    expect(await ada.page.locator('.item').count()).toBe(1)
    await ada.page.getByRole('button', { name: 'Clear' }).click()
    await again.page.getByText('All read', { exact: true }).waitFor()
    expect([...ada.faults, ...again.faults, ...ben.faults]).toEqual([])
  })

  test('make a sound and show on the desktop where that is wanted', async () => {
    const ada = await examples.person('notifications', 'Ada', { permissions: ['notifications'] })
    const watched = `
      globalThis.shown = []
      globalThis.tones = 0
      globalThis.Notification = class extends EventTarget {
        static permission = 'granted'
        static requestPermission = () => Promise.resolve('granted')
        constructor(title) { super(); globalThis.shown.push(title) }
        close() {}
      }
      const start = OscillatorNode.prototype.start
      OscillatorNode.prototype.start = function (...args) { globalThis.tones++; return start.apply(this, args) }
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
      Object.defineProperty(document, 'hidden', { get: () => true })`
    await ada.page.addInitScript(watched)
    await ada.page.reload()
    await ada.page.getByRole('switch', { name: 'Play a sound' }).click()
    await ada.page.getByRole('switch', { name: 'Show them on the desktop' }).click()
    await post(ada, 'Me', 'Look here', 'normal')
    await item(ada, 'Look here').waitFor()
    await eventually(async () => (await ada.page.evaluate<number>('shown.length && tones')) > 0)
    expect(await ada.page.evaluate('shown')).toEqual(['Look here'])
    expect(ada.faults).toEqual([])
  })
})

test('presence: who is there, how they are and where, and who has gone', async () => {
  const ada = await examples.person('presence', 'Ada')
  await ada.page.getByText('Only you so far').waitFor()
  const ben = await examples.person('presence', 'Ben')
  const row = ada.page.locator('.person-row', { hasText: 'Ben' })
  await row.waitFor()
  await ada.page.getByText('2 here').waitFor()
  await ben.page.getByLabel('Where').selectOption('Kitchen')
  await ben.page.getByLabel('What are you at?').fill('making tea')
  await ben.page.getByRole('button', { name: 'Set' }).click()
  await ben.page.getByRole('button', { name: 'Away' }).click()
  await ada.page
    .getByRole('region', { name: 'Kitchen' })
    .locator('.person-row.away', { hasText: 'making tea' })
    .waitFor()
  await ben.page.close()
  await ada.page.getByRole('region', { name: 'Gone' }).locator('.person-row', { hasText: 'Ben' }).waitFor()
  await ada.page.getByText('1 here').waitFor()
  expect(await accessFaults(ada.page)).toEqual([])
  expect([...ada.faults, ...ben.faults]).toEqual([])
})

test('events: one adds it, both are reminded in time, and say whether they come', async () => {
  const [ada, ben] = [await examples.person('events', 'Ada'), await examples.person('events', 'Ben')]
  await ben.page.clock.install()
  await ben.page.reload()
  await ben.page.getByText('Nothing is planned').waitFor()
  await ada.page.getByText('Nothing is planned').waitFor()
  await ada.page.getByLabel('Title').fill('Planning')
  await ada.page.getByLabel('Place').fill('Room 4')
  // Minutes are what the field has; so it starts in 120 to 121 of them.
  const at = new Date(Date.now() + 121 * 60_000)
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
  await ada.page.getByLabel('Starts').fill(local)
  await ada.page.getByRole('button', { name: 'Add it' }).click()

  const card = ben.page.locator('.event', { hasText: 'Planning' })
  await card.getByText('1 going, by Ada').waitFor()
  await card.getByRole('button', { name: 'Going to Planning' }).click()
  await ada.page.getByText('2 going, by Ada').waitFor()

  const reminder = ben.page.locator('.reminder', { hasText: 'Planning' })
  await ben.page.clock.fastForward(100 * 60_000)
  expect(await reminder.count()).toBe(0)
  await ben.page.clock.fastForward(12 * 60_000)
  await reminder.getByText('Room 4').waitFor()
  expect(await accessFaults(ben.page)).toEqual([])
  await reminder.getByRole('button', { name: 'In 1 min' }).click()
  await reminder.waitFor({ state: 'detached' })
  await ben.page.clock.fastForward(61_000)
  await reminder.waitFor()
  await reminder.getByRole('button', { name: /^OK.*Planning/ }).click()
  await reminder.waitFor({ state: 'detached' })
  expect(await ada.page.locator('.reminder').count()).toBe(0)

  await ada.page.getByRole('button', { name: 'Remove Planning' }).click()
  await card.waitFor({ state: 'detached' })
  expect([...ada.faults, ...ben.faults]).toEqual([])
})

test('editor: two write one text, and what was written without a connection is merged', async () => {
  const [ada, ben] = [await examples.person('editor', 'Ada'), await examples.person('editor', 'Ben')]
  const text = ({ page }: Person) => page.getByRole('textbox', { name: 'Text' })
  const has = ({ page }: Person, value: string) =>
    eventually(async () => (await page.getByRole('textbox', { name: 'Text' }).inputValue()) === value)
  await text(ada).pressSequentially('one')
  await has(ben, 'one')
  await text(ben).press('End')
  await text(ben).pressSequentially(' two')
  await has(ada, 'one two')
  await ada.page.locator('.caret', { hasText: 'Ben' }).waitFor({ state: 'attached' })
  await ada.page.getByText('Saved').waitFor()

  await examples.server.kill()
  await ada.page.getByText('Only here so far').waitFor()
  await text(ada).press('Home')
  await text(ada).pressSequentially('zero ')
  await text(ben).pressSequentially(' three')
  await examples.server.startAgain()
  for (const person of [ada, ben]) await has(person, 'zero one two three')
  await ada.page.getByText('Saved').waitFor()
  const late = await examples.person('editor', 'Cleo')
  await has(late, 'zero one two three')
  expect([...ada.wrong(), ...ben.wrong(), ...late.faults]).toEqual([])
})
