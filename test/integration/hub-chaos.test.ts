// Many clients at several hub processes over a broker's log, while connections are lost and processes are killed and come
// back: every client gets everything that is said in its rooms, in order, once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketClient } from '../../lib'
import { Random } from '../support/random'
import { until, within } from '../support/waiters'
import { HubProcess, type HubProcessOptions } from './support/hub-process'
import { brisk } from './support/managed'
import { Broker } from './support/brokers'

type Adapter = Pick<HubProcessOptions, 'module' | 'factory' | 'adapter'>

const steps = 40

test.each([
  {
    ...{ log: 'Redis Streams', clients: 200, rooms: 20, messages: 100_000 },
    start: () => Broker.redis(false),
    adapter: (url: string): Adapter => ({ module: 'redis', factory: 'redisStreams', adapter: { url } }),
  },
  {
    ...{ log: 'JetStream', clients: 60, rooms: 6, messages: 30_000 },
    start: () => Broker.nats(),
    adapter: (servers: string): Adapter => ({
      module: 'nats',
      factory: 'natsJetStream',
      adapter: { servers },
    }),
  },
])('$log: $clients clients, lost connections and killed servers: complete, in order, once', async (given) => {
  const { clients, rooms, messages } = given
  const random = new Random()
  const folder = mkdtempSync(join(tmpdir(), 'hawser-chaos-'))
  const broker = await given.start()
  const common: Omit<HubProcessOptions, 'socketPath'> = {
    ...given.adapter(broker.url),
    // However slow the machine is, a node that starts finds the broker before it lets anybody in.
    hub: {
      history: { count: messages / rooms, bytes: 1 << 24 },
      notices: false,
      nodes: { patience: 600_000 },
    },
  }
  const hubs = [0, 1, 2].map((i) => new HubProcess({ ...common, socketPath: join(folder, `${i}.sock`) }))
  // Says everything, and nobody is connected to it.
  const publisher = new HubProcess(common)
  const managed: WebSocketClient[] = []
  try {
    await Promise.all([...hubs, publisher].map((hub) => hub.start()))
    const wrong: string[] = []
    let done = 0
    for (let i = 0; i < clients; i++) {
      const urls = hubs.map((_, j) => hubs[(i + j) % hubs.length].url)
      const client = new WebSocketClient({ url: urls, reconnect: brisk })
      managed.push(client)
      const room = `room${i % rooms}`
      let next = 0
      client.on('resume_failed', (failure) => wrong.push(`client ${i}: ${JSON.stringify(failure)}`))
      client.subscribe({ type: 'm', batch: { max: 500, every: 20 } }, (batch) => {
        for (const { payload, room: from } of batch) {
          if (payload !== next || from !== room)
            wrong.push(`client ${i}: ${String(payload)} in ${String(from)}, not ${next}`)
          next = (payload as number) + 1
        }
        if (next === messages / rooms) done++
      })
      await client.connect()
      await client.joinRoom(room)
    }

    const returns: Promise<unknown>[] = []
    let kills = 0
    let drops = 0
    for (let step = 0; step < steps; step++) {
      const from = (messages / steps) * step
      const published = publisher.ask('publish', from, from + messages / steps, rooms)
      const running = hubs.filter((hub) => hub.running)
      const hub = running[random.below(running.length)]
      if (running.length > 1 && random.below(3) === 0) {
        kills++
        await hub.kill()
        // It comes back some time later.
        returns.push(published.then(() => hub.start()))
      } else {
        const count = 1 + random.below(20)
        drops += count
        await hub.ask('drop', random.below(1000), count)
      }
      await published
    }
    await Promise.all(returns)
    await within(
      until(() => done === clients || wrong.length > 0),
      'last message of every client',
    )
    expect([wrong.slice(0, 5), done]).toEqual([[], clients])
    expect(kills).toBeGreaterThan(2)
    expect(drops).toBeGreaterThan(50)
    for (const hub of hubs)
      expect(await hub.ask('metrics')).toMatchObject({ uncarried: 0, resumeFailed: 0, told: [] })
  } finally {
    await Promise.all(managed.map((client) => client.close()))
    await Promise.all([...hubs, publisher].map((hub) => hub.kill()))
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
