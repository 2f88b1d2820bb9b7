// Several processes on one port: by SO_REUSEPORT and by node:cluster.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Peer } from '../integration/support/hubs'
import { useManaged } from '../integration/support/managed'
import { Child, ENTRY } from '../support/child'
import { event, until, within } from '../support/waiters'

const scope = useManaged()

/** Whether the kernel spreads connections is decided by a hash of their ports: so many leave nobody out. */
const plenty = 50

/** A hub that says who it is, and ends as it is told. */
const HUB = `
const { Hub } = hawser
const hub = new Hub(new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT), reusePort: true }))
hub.handle('who', () => process.pid)
await once(hub.server, 'listening')
say('port', hub.server.address().port)
process.stdin.on('end', () => process.exit(0))
process.stdin.resume()`

async function hubProcess(port = 0): Promise<{ child: Child; port: number }> {
  const child = new Child(HUB, { env: { PORT: String(port) } })
  scope.defer(() => child.kill())
  const [, bound] = await child.says(/port (\d+)/)
  return { child, port: Number(bound) }
}

/** Opens connections; the processes that answer, with the connections of each. */
async function spread(port: number): Promise<Map<number, Peer[]>> {
  const found = new Map<number, Peer[]>()
  const one = async (): Promise<void> => {
    const peer = await Peer.ws(`ws://127.0.0.1:${port}`)
    scope.defer(() => peer.drop())
    const { payload } = await peer.ask({ type: 'who' })
    found.set(payload as number, [...(found.get(payload as number) ?? []), peer])
  }
  await Promise.all(Array.from({ length: plenty }, one))
  return found
}

const sorted = (ids: Iterable<number | undefined>): (number | undefined)[] => [...ids].sort()

test('processes that listen with reusePort share the connections; one that dies is replaced', async () => {
  const first = await hubProcess()
  const { port } = first
  const [second, third] = [await hubProcess(port), await hubProcess(port)]
  const before = await spread(port)
  const pids = [first, second, third].map(({ child }) => child.process.pid)
  expect(sorted(before.keys())).toEqual(sorted(pids))

  first.child.kill()
  const lost = before.get(first.child.process.pid!)!
  for (const peer of lost) expect(await peer.end()).toMatchObject({ code: 1006 })
  expect(sorted((await spread(port)).keys())).toEqual(sorted(pids.slice(1)))
  const fourth = await hubProcess(port)
  expect(sorted((await spread(port)).keys())).toEqual(sorted([...pids.slice(1), fourth.child.process.pid]))
  // Those of the others have noticed nothing.
  for (const peer of before.get(second.child.process.pid!)!) await peer.settled()
})

test('without reusePort the port is taken, and the error says so', async () => {
  const { port } = await hubProcess()
  const child = new Child(`
    const server = new WebSocketServer({ host: '127.0.0.1', port: ${port} })
    server.on('error', (error) => say(error.code, error.message))
    await gone(server)`)
  expect((await child.exit()).stdout).toMatch(/^EADDRINUSE .*reusePort/)
})

test.each(['reusePort', 'http'])('workers of a cluster share a port: %s', async (mode) => {
  const program = join(__dirname, 'support/cluster.cjs')
  const primary = spawn(process.execPath, [program], {
    env: { ...process.env, HAWSER_ENTRY: ENTRY, MODE: mode },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  primary.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise((resolve) => primary.once('close', resolve))
  const workers = (): number[] => [...said.matchAll(/worker (\d+)/g)].map(([, pid]) => Number(pid))
  try {
    await until(() => workers().length === 3)
    const port = Number(/port (\d+)/.exec(said)![1])
    const before = await spread(port)
    expect(sorted(before.keys())).toEqual(sorted(workers()))
    const [victim] = workers()
    process.kill(victim, 'SIGKILL')
    for (const peer of before.get(victim)!) expect(await peer.end()).toMatchObject({ code: 1006 })
    await until(() => workers().length === 4)
    expect(sorted((await spread(port)).keys())).toEqual(sorted(workers().slice(1)))
  } finally {
    primary.stdin.end()
    expect(await within(ended, 'end of the cluster')).toBe(0)
  }
})

test('a child of a test ends with the test, killed or not', async () => {
  const child = new Child(`setInterval(() => {}, 1_000); say('up')`)
  scope.defer(() => child.kill())
  await child.says(/up/)
  const ended = event(child.process, 'exit')
  child.process.disconnect()
  expect(await ended).toEqual([null, 'SIGKILL'])
})
