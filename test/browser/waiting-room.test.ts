// The waiting room: widgets of RxJS that share a connection.
import { useExamples } from './support/examples'

const examples = useExamples()

test('six widgets are one connection; two people see one line move', async () => {
  const before = await examples.server.metric('hawser_hub_connections_total')
  const ada = await examples.person('queue', 'Ada')
  await ada.page.getByText('You are not in line.').waitFor()
  expect(await ada.page.locator('.widgets > section').count()).toBe(6)
  expect(await examples.server.metric('hawser_hub_connections_total')).toBe(before + 1)

  const ben = await examples.person('queue', 'Ben')
  await ada.page.getByRole('button', { name: 'Take a ticket' }).click()
  await ben.page.locator('.waiting li', { hasText: 'Ada' }).waitFor()
  await ben.page.getByRole('button', { name: 'Take a ticket' }).click()
  await ben.page.getByText('1 ahead of you').waitFor()
  await ben.page.getByRole('button', { name: 'Call next' }).first().click()
  await ada.page.getByText('it is your turn').waitFor()
  await ben.page.getByText('You are next').waitFor()
  await ben.page.getByRole('button', { name: 'Done' }).first().click()
  await ada.page.getByText('You are not in line.').waitFor()
  await ada.page.locator('.happenings li', { hasText: 'Ada is done' }).waitFor()
  await ben.page.getByRole('button', { name: 'Leave the line' }).click()
  await ada.page.getByText('Nobody waits').waitFor()
  expect([...ada.faults, ...ben.faults]).toEqual([])
})

test('who comes back from a lost connection sees the line as it is', async () => {
  const ada = await examples.person('queue', 'Ada')
  const ben = await examples.person('queue', 'Ben')
  await ada.page.getByText('Nobody waits').waitFor()
  await ada.page.context().setOffline(true)
  await examples.server.kill()
  await ada.page.getByText('Not connected. The line goes on').waitFor()
  await examples.server.startAgain()
  await ben.page.locator('.connection', { hasText: 'Connected' }).waitFor()
  await ben.page.getByRole('button', { name: 'Let 5 guests in' }).click()
  await ben.page.locator('.line .badge', { hasText: '5' }).waitFor()
  await ada.page.context().setOffline(false)
  await ada.page.locator('.line .badge', { hasText: '5' }).waitFor()
  await ada.page.getByText('Not connected. The line goes on').waitFor({ state: 'hidden' })
  expect([...ada.wrong(), ...ben.wrong()]).toEqual([])
})
