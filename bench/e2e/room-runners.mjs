// How one case of the hub runs once with one peer.
import { cpuSeconds } from './processes.mjs'
import { withRedis } from './redis.mjs'
import { finished, generator, perMillion, resident, withServer } from './running.mjs'

const dialects = { hawser: 'hawser.v1', 'socket.io': 'socket.io', ws: 'plain' }
const firstMembers = 2000

async function rooms(context, peer, test) {
  return withServer(context, peer, 'rooms', {}, async (server, port) => {
    const { seconds, warmup } = context
    const load = { port, dialect: dialects[peer], 'watch-pid': server.pid, ...test.load, seconds, warmup }
    const result = await finished(generator(context, 'rooms', load), seconds + warmup + 60)
    return {
      value: result.perSecond,
      p99: result.latencyMicroseconds.p99,
      cpu: perMillion(result.watched.cpuSeconds, result.messages),
      resident: result.watched.residentAtEnd,
      detail: result,
    }
  })
}

/** Processor time is that of both servers, from the first connection on. */
async function nodes(context, peer, test) {
  return withRedis((redis) =>
    withServer(context, peer, 'rooms', { redis }, (first, port) =>
      withServer(context, peer, 'rooms', { redis }, async (second, otherPort) => {
        const { seconds, warmup } = context
        const load = { port, 'other-port': otherPort, dialect: dialects[peer], ...test.load, seconds, warmup }
        const result = await finished(generator(context, 'rooms', load), seconds + warmup + 60)
        const cpu = cpuSeconds(first.pid) + cpuSeconds(second.pid)
        return {
          value: result.perSecond,
          p99: result.latencyMicroseconds.p99,
          cpu: perMillion(cpu, result.messages * ((seconds + warmup) / seconds)),
          detail: result,
        }
      }),
    ),
  )
}

/** One server is killed, another has messages for all rooms meanwhile, and a new one serves those who come back. */
async function resume(context, peer, test) {
  const { connections, rooms: count, missed } = test.load
  return withRedis(async (redis) => {
    const options = { redis, streams: true }
    return withServer(context, peer, 'rooms', options, (other) =>
      withServer(context, peer, 'rooms', options, async (lost, port) => {
        const clients = generator(context, 'resume', { port, connections, rooms: count, seconds: 120 })
        await clients.line('joined', 120)
        lost.signal('SIGKILL')
        await lost.exited
        clients.say('lose')
        await clients.line('lost', 30)
        other.say(`fill ${count} ${missed}`)
        await other.line('filled', 60)
        return withServer(context, peer, 'rooms', options, async (fresh, freshPort) => {
          const before = cpuSeconds(fresh.pid)
          clients.say(`resume ${freshPort} ${missed}`)
          const result = await finished(clients, 150)
          return {
            value: result.seconds,
            processor: cpuSeconds(fresh.pid) - before,
            notReceived: result.notReceived,
            detail: result,
          }
        })
      }),
    )
  })
}

/** Growth of memory by those who join when others have, as for idle connections. */
async function members(context, peer, test) {
  const body = async (server, port) => {
    const hold = async (number) => {
      const load = { port, dialect: dialects[peer], ...test.load, connections: number }
      const child = generator(context, 'rooms', load)
      await child.line('ready', 120)
      return child
    }
    const first = await hold(firstMembers)
    const before = await resident(server)
    const held = await hold(test.load.connections)
    const after = await resident(server)
    for (const child of [held, first]) {
      if ((await child.end(20)) !== 0) throw new Error(`the ${peer} server lost members`)
    }
    return { value: (after - before) / test.load.connections, detail: { before, after } }
  }
  return withServer(context, peer, 'rooms', {}, body, { fixedHeap: true })
}

export const roomRunners = { rooms, nodes, resume, members }
