// The chat of the examples: people in pages of their own, and a server that dies.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessFaults, type Person, useExamples } from './support/examples'

const data = mkdtempSync(join(tmpdir(), 'hawser-chat-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))
const examples = useExamples(() => data)

const field = ({ page }: Person) => page.getByRole('textbox', { name: /^Message/ })
const message = ({ page }: Person, text: string) => page.locator('.message', { hasText: text })
async function say(person: Person, text: string): Promise<void> {
  await field(person).fill(text)
  await field(person).press('Enter')
}
/** In the room, with everything there. */
async function enter(name: string): Promise<Person> {
  const person = await examples.person('chat', name)
  await person.page.getByRole('heading', { name: '# general' }).waitFor()
  await person.page.locator('.about .faces li').first().waitFor()
  return person
}

test('what one says the other reads, and both see how far it has come', async () => {
  const [ada, ben] = [await enter('Ada'), await enter('Ben')]
  await field(ben).pressSequentially('hi')
  await ada.page.getByText('Ben is typing …').waitFor()
  await ben.page.getByRole('button', { name: 'Send', exact: true }).click()
  await message(ada, 'hi').waitFor()
  await ada.page.getByText('Ben is typing …').waitFor({ state: 'hidden' })
  await ben.page.getByText('Read by Ada').waitFor()

  // Nobody says that it is over: it ends by itself.
  await field(ben).pressSequentially('w')
  await ada.page.getByText('Ben is typing …').waitFor()
  await ada.page.getByText('Ben is typing …').waitFor({ state: 'hidden' })

  await message(ada, 'hi').hover()
  await message(ada, 'hi').getByRole('button', { name: 'React', exact: true }).click()
  await message(ada, 'hi').getByRole('button', { name: 'React with 👍' }).click()
  const reaction = message(ben, 'hi').getByRole('button', { name: '👍 1: Ada' })
  await reaction.click()
  await message(ada, 'hi').getByRole('button', { name: /👍 2/ }).click()
  await message(ben, 'hi').getByRole('button', { name: '👍 1: Ben' }).waitFor()

  await message(ada, 'hi').hover()
  await message(ada, 'hi').getByRole('button', { name: 'Reply' }).click()
  await say(ada, 'and hello to you')
  await message(ben, 'and hello to you').locator('.quote', { hasText: 'hi' }).waitFor()
  expect(await accessFaults(ada.page)).toEqual([])
  expect([...ada.faults, ...ben.faults]).toEqual([])
})

test('files arrive as they were', async () => {
  const [ada, ben] = [await enter('Ada'), await enter('Ben')]
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGNkYPjPwMDAxAAGAAoDAQHKIo2QAAAAAElFTkSuQmCC',
    'base64',
  )
  const text = Buffer.from('some notes')
  await ada.page.locator('input[type=file]').setInputFiles([
    { name: 'dot.png', mimeType: 'image/png', buffer: png },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: text },
  ])
  await ada.page.getByRole('button', { name: 'Send', exact: true }).click()
  const picture = ben.page.locator('.file.picture img[alt="dot.png"]')
  await picture.waitFor()
  const notes = ben.page.locator('a.file[download="notes.txt"]')
  expect(await notes.getAttribute('href')).toBe(`data:text/plain;base64,${text.toString('base64')}`)
  expect(await picture.getAttribute('src')).toBe(`data:image/png;base64,${png.toString('base64')}`)

  const large = { name: 'large.bin', mimeType: '', buffer: Buffer.alloc(200_000) }
  await ada.page.locator('input[type=file]').setInputFiles([large])
  await ada.page.getByRole('alert').getByText('At most 4 files').waitFor()
  expect([...ada.faults, ...ben.faults]).toEqual([])
})

test('direct messages are for two, and count as unread until they are looked at', async () => {
  const [ada, ben, cleo] = [await enter('Ada'), await enter('Ben'), await enter('Cleo')]
  await ada.page.getByRole('button', { name: /^Ben/ }).click()
  await ada.page.getByRole('heading', { name: 'Ben' }).waitFor()
  await say(ada, 'only for you')
  const item = ben.page.locator('.sidebar .room', { hasText: 'only for you' })
  await item.getByText('1 unread').waitFor()
  await item.click()
  await message(ben, 'only for you').waitFor()
  await ada.page.getByText('Read by Ben').waitFor()
  await item.locator('.badge').waitFor({ state: 'detached' })
  expect(await cleo.page.getByText('only for you').count()).toBe(0)
  expect([...ada.faults, ...ben.faults, ...cleo.faults]).toEqual([])
})

test('the server dies and comes back: nothing is missing, nothing is there twice', async () => {
  const [ada, ben] = [await enter('Ada'), await enter('Ben')]
  await say(ada, 'before')
  await message(ben, 'before').waitFor()
  await examples.server.kill()
  await ada.page.getByText('What you write is sent once you are back').waitFor()
  await say(ada, 'from Ada, one')
  await say(ada, 'from Ada, two')
  await message(ada, 'from Ada, two').getByText('Sending …').waitFor()
  await say(ben, 'from Ben')
  await examples.server.startAgain()
  for (const person of [ada, ben]) {
    for (const text of ['from Ada, one', 'from Ada, two', 'from Ben']) await message(person, text).waitFor()
    await person.page.getByText('What you write is sent once you are back').waitFor({ state: 'hidden' })
  }
  await ada.page.getByText('Sending …').waitFor({ state: 'detached' })
  for (const person of [ada, ben]) {
    const texts = await person.page.locator('.message .text').allTextContents()
    expect([...new Set(texts)]).toEqual(texts)
    const mine = texts.filter((text) => text.startsWith('from Ada'))
    expect(mine).toEqual(['from Ada, one', 'from Ada, two'])
  }
  // Who comes later finds all of it, too: it was written down.
  const cleo = await enter('Cleo')
  for (const text of ['before', 'from Ada, two', 'from Ben']) await message(cleo, text).waitFor()
  expect([...ada.wrong(), ...ben.wrong(), ...cleo.faults]).toEqual([])
})

test('a device that is offline queues, and catches up', async () => {
  const [ada, ben] = [await enter('Ada'), await enter('Ben')]
  await ada.page.context().setOffline(true)
  // The emulation leaves open connections alone.
  await examples.server.kill()
  await examples.server.startAgain()
  await ada.page.getByText('What you write is sent once you are back').waitFor()
  await ben.page.getByText('What you write is sent once you are back').waitFor({ state: 'hidden' })
  await say(ben, 'are you there?')
  await say(ada, 'in a tunnel')
  await message(ada, 'in a tunnel').getByText('Sending …').waitFor()
  expect(await message(ben, 'in a tunnel').count()).toBe(0)
  await ada.page.context().setOffline(false)
  await message(ada, 'are you there?').waitFor()
  await message(ben, 'in a tunnel').waitFor()
  expect(await message(ben, 'in a tunnel').count()).toBe(1)
  expect([...ada.wrong(), ...ben.wrong()]).toEqual([])
})
