// The durable queue: what send() confirmed outlives the connection, the client and a killed process.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from '../support/child'
import { within } from '../support/waiters'
import { answering } from './support/far-end'
import { brisk, rejection, useManaged } from './support/managed'
import { refusalCases } from './support/refusal-cases'

const scope = useManaged()

function storePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-store-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'queue.db')
}

test('is confirmed without a connection, and survives the client', async () => {
  const far = await scope.farDown()
  const store = storePath()
  const first = scope.managed(far, { queue: { store } })
  for (let i = 0; i < 20; i++) {
    await first.client.send('acked', i, { durable: true, priority: i === 19 ? 'high' : 'normal' })
  }
  expect((await first.client.queued()).map(({ durable }) => durable)).toEqual(Array(20).fill(true))
  await first.client.close()
  await far.start()
  far.answer = answering
  const second = scope.managed(far, { queue: { store } })
  await second.client.connect()
  await far.messages(20)
  expect(far.payloads).toEqual([19, ...Array(19).keys()])
  await second.client.send('acked', 'last', { durable: true, ack: true })
  await second.client.close()
  // What was acknowledged has left the store.
  const third = await scope.connected(far, { queue: { store } })
  third.client.send('m', 'third')
  await far.messages(22)
  expect(far.payloads.slice(-2)).toEqual(['last', 'third'])
})

test.each([false, true])('every id confirmed before SIGKILL arrives (fsync: %p)', async (fsync) => {
  const far = await scope.farDown()
  const store = storePath()
  const script = `
    const { WebSocketClient } = hawser
    const client = new WebSocketClient({ url: ${JSON.stringify(far.url)}, queue: { store: { path: ${JSON.stringify(store)}, fsync: ${fsync} } } })
    client.on('error', () => {})
    client.connect().catch(() => {})
    for (let i = 0; ; i++) { await client.send('acked', i, { durable: true }); say('confirmed', i) }`
  const child = new Child(script)
  scope.defer(() => child.kill())
  await child.says(/confirmed 50\n/)
  child.process.kill('SIGKILL')
  const { stdout } = await child.exit()
  const confirmed = [...stdout.matchAll(/confirmed (\d+)\n/g)].map(([, n]) => Number(n))
  await far.start()
  far.answer = answering
  const { client } = await scope.connected(far, { queue: { store } })
  await far.messages(confirmed.length)
  // One more may have been stored whose confirmation was not heard; its like is no loss.
  expect(far.payloads.slice(0, confirmed.length)).toEqual(confirmed)
  expect(new Set(far.received.map(({ id }) => id)).size).toBe(far.received.length)
  await client.close()
})

test('killed in the middle of sending: all arrive, and by their ids none is handled twice', async () => {
  const far = await scope.far()
  const store = storePath()
  const handled = new Map<string, unknown>()
  let silent = true
  far.answer = (message, socket) => {
    if (!handled.has(message.id)) handled.set(message.id, message.payload)
    if (!silent) answering(message, socket, far)
  }
  const script = `
    const { WebSocketClient } = hawser
    const client = new WebSocketClient({ url: ${JSON.stringify(far.url)}, queue: { store: ${JSON.stringify(store)} } })
    client.connect().catch(() => {})
    for (let i = 0; ; i++) { await client.send('acked', i, { durable: true }); say('confirmed', i) }`
  const child = new Child(script)
  scope.defer(() => child.kill())
  await child.says(/confirmed 100\n/)
  await far.messages(50)
  child.process.kill('SIGKILL')
  const { stdout } = await child.exit()
  const confirmed = [...stdout.matchAll(/confirmed (\d+)\n/g)].map(([, n]) => Number(n))
  silent = false
  const { client } = await scope.connected(far, { queue: { store } })
  await far.until(() => handled.size >= confirmed.length, 'all that was confirmed')
  expect([...handled.values()].slice(0, confirmed.length)).toEqual(confirmed)
  await client.close()
})

test('one file, one client: a second one is told', async () => {
  const far = await scope.far()
  const store = storePath()
  const first = await scope.connected(far, { queue: { store } })
  await first.client.send('m', 1, { durable: true })
  const second = scope.managed(far, { queue: { store } })
  await second.failedWith('STORE_FAILED')
  expect(await rejection(second.client.send('m', 2, { durable: true }))).toMatchObject({
    code: 'STORE_FAILED',
  })
  // It is of use without its store.
  await second.client.connect()
  second.client.send('m', 3)
  await far.messages(2)
})

test('a store that cannot be opened is told, and `durable` rejects', async () => {
  const far = await scope.far()
  const watched = await scope.connected(far, { queue: { store: '/nowhere/at/all/queue.db' } })
  await watched.failedWith('STORE_FAILED')
  expect(await rejection(watched.client.send('m', 1, { durable: true }))).toMatchObject({
    code: 'STORE_FAILED',
  })
})

test('more than the queue may hold follows as room comes', async () => {
  const far = await scope.farDown()
  const store = storePath()
  const large = scope.managed(far, { queue: { store } })
  await within(
    Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        large.client.send('acked', `${i} `.padEnd(4_000), { durable: true }),
      ),
    ),
    'confirmations',
  )
  await large.client.close()
  await far.start()
  far.answer = answering
  await scope.connected(far, { reconnect: brisk, queue: { store, maxBytes: 50_000 } })
  await far.messages(40)
  expect(far.payloads.map((text) => parseInt(text as string))).toEqual([...Array(40).keys()])
})

refusalCases(scope, () => ({ queue: { store: storePath() } }))
