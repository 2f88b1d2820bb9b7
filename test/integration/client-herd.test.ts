// A thousand clients whose server is killed: none is lost, and they come back spread over time as the policy says.
import { readdirSync } from 'node:fs'
import { ownAddress } from '../support/addresses'
import { Child } from '../support/child'
import { until, within } from '../support/waiters'
import { type Watched, useManaged } from './support/managed'

const scope = useManaged()
const CLIENTS = 1000
const minDelay = 400
const jitter = 0.5

/** A server in a process of its own, that counts connections and the messages `note` that came. */
async function serve(port: number): Promise<{ child: Child; port: number }> {
  const child = new Child(`
    const server = await serve({ port: ${port}, host: '${ownAddress}' })
    const notes = new Set()
    let said = 0
    server.on('connection', (socket) => {
      said++
      if (said === ${CLIENTS}) say('all here')
      socket.on('message', (text) => {
        notes.add(JSON.parse(text).payload)
        if (notes.size === ${CLIENTS}) say('all notes')
      })
    })
    say('port', server.address().port)`)
  scope.defer(async () => {
    child.kill()
    await child.exit()
  })
  const [, at] = await child.says(/port (\d+)\n/)
  return { child, port: Number(at) }
}

const descriptors = (): number => readdirSync('/proc/self/fd').length

test(`${CLIENTS} clients outlive their server`, async () => {
  const before = descriptors()
  const first = await serve(0)
  const url = `ws://${ownAddress}:${first.port}/`
  const reconnect = { minDelay, maxDelay: 2000, factor: 1.5, jitter, minUptime: 0 }
  const herd: Watched[] = Array.from({ length: CLIENTS }, () => scope.managed(url, { reconnect }))
  await within(Promise.all(herd.map(({ client }) => client.connect())), 'all connected')
  await first.child.says(/all here/)
  const connected = descriptors()
  expect(connected - before).toBeLessThan(CLIENTS + 100)

  first.child.kill()
  await first.child.exit()
  await Promise.all(herd.map((one) => one.reached('reconnecting')))
  // What is sent meanwhile waits.
  for (const [i, { client }] of herd.entries()) expect(client.send('note', i)).toBe(true)
  const second = await serve(first.port)
  await Promise.all(herd.map((one) => one.reached('connected', 2)))
  await second.child.says(/all notes/)
  await until(() => descriptors() <= connected + 100)

  // The first delay of each: evenly spread over the part of it that is random.
  const delays = herd.map(({ changes }) => changes.find(({ state }) => state === 'reconnecting')!.nextDelay)
  const least = minDelay * (1 - jitter)
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(Math.floor(least))
  expect(Math.max(...delays)).toBeLessThanOrEqual(minDelay)
  const parts = Array.from({ length: 10 }, () => 0)
  for (const delay of delays) {
    parts[Math.min(9, Math.floor(((delay - least) / (minDelay - least)) * 10))]++
  }
  // A tenth each; 50 and 150 are more than five standard deviations away.
  for (const count of parts) {
    expect(count).toBeGreaterThan(CLIENTS / 20)
    expect(count).toBeLessThan((CLIENTS * 3) / 20)
  }
  for (const { client, states } of herd) {
    expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
    expect(client.getPerformanceMetrics()).toMatchObject({
      connects: 2,
      reconnects: 1,
      failures: 0,
      dropped: 0,
    })
  }
})
