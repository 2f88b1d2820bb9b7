// How one case runs once with one peer. Each gives { value, ... } with what else is worth a column.
import { setTimeout as pause } from 'node:timers/promises'
import { clientRunners } from './client-runners.mjs'
import { reactRunners } from './react-cases.mjs'
import { oneThread } from './peers.mjs'
import { cpuSeconds } from './processes.mjs'
import { finished, generator, perMillion, resident, withClient, withServer } from './running.mjs'
import { roomRunners } from './room-runners.mjs'
import { countSystemCalls } from './system-calls.mjs'

const heartbeatMilliseconds = 1000
const firstConnections = 2000
const countedSeconds = 1

function serverOptions(context, peer, { load, threads }) {
  return {
    threads: peer === oneThread ? undefined : threads,
    tls: load.tls ? context.certificate : undefined,
    deflate: load.deflate ? { level: load.level ?? 6, takeover: load.takeover !== 0 } : undefined,
  }
}

// Loads a server and gives the generator's result.
async function loadServer(context, peer, test, kind, command) {
  return withServer(context, peer, kind, serverOptions(context, peer, test), (server, port) => {
    const timing = { seconds: context.seconds, warmup: context.warmup }
    const child = generator(context, command, { port, 'watch-pid': server.pid, ...test.load, ...timing })
    return finished(child, context.seconds + context.warmup + 60)
  })
}

// The same for a second, with the server's system calls counted; gives calls a message.
async function countServerCalls(context, peer, test, kind, command) {
  return withServer(context, peer, kind, serverOptions(context, peer, test), async (server, port) => {
    const load = { port, ...test.load, seconds: countedSeconds, warmup: 0 }
    const counted = await countSystemCalls(server.pid, () => finished(generator(context, command, load), 60))
    return counted.calls / counted.result.messages
  })
}

async function echo(context, peer, test) {
  const result = await loadServer(context, peer, test, 'echo', 'echo')
  return {
    value: result.messagesPerSecond,
    cpu: perMillion(result.watched.cpuSeconds, result.messages),
    resident: result.watched.residentAtEnd,
    growth: result.watched.residentAtEnd - result.watched.residentAtRest,
    bytes: test.load.deflate ? result.replyBytesPerMessage : undefined,
    detail: result,
  }
}

async function rtt(context, peer, test) {
  const result = await loadServer(context, peer, test, 'echo', 'rtt')
  return {
    value: result.latencyMicroseconds.p50,
    p99: result.latencyMicroseconds.p99,
    cpu: perMillion(result.watched.cpuSeconds, result.messages),
    detail: result,
  }
}

async function publish(context, peer, test) {
  const result = await loadServer(context, peer, test, 'publish', 'subscribe')
  return {
    value: result.deliveriesPerSecond,
    cpu: perMillion(result.watched.cpuSeconds, result.messages),
    dropped: result.dropped,
    detail: result,
  }
}

async function receive(context, peer, test) {
  const timing = { seconds: context.seconds, warmup: context.warmup }
  return withClient(
    context,
    peer,
    'receive',
    'feed',
    { port: 0, size: test.load.size },
    timing,
    async (client) => {
      const result = await client.line('messages', context.seconds + context.warmup + 30)
      return {
        value: result.messagesPerSecond,
        cpu: perMillion(result.cpuSeconds, result.messages),
        detail: result,
      }
    },
  )
}

async function countReceiveCalls(context, peer, test) {
  const timing = { seconds: 2 * countedSeconds, warmup: countedSeconds / 2 }
  return withClient(
    context,
    peer,
    'receive',
    'feed',
    { port: 0, size: test.load.size },
    timing,
    async (client) => {
      const counted = await countSystemCalls(client.pid, () => client.line('messages', 60))
      return counted.calls / counted.seconds / counted.result.messagesPerSecond
    },
  )
}

async function report(sink) {
  sink.say('report')
  return sink.line('atNanoseconds')
}

async function measureSending(client, sink, seconds) {
  const cpuBefore = cpuSeconds(client.pid)
  const before = await report(sink)
  await pause(seconds * 1000)
  const after = await report(sink)
  const result = {
    messages: after.messages - before.messages,
    seconds: (after.atNanoseconds - before.atNanoseconds) / 1e9,
    cpuSeconds: cpuSeconds(client.pid) - cpuBefore,
  }
  if (!(result.messages > 0)) throw new Error(`the client sent nothing: ${client.errors}`)
  return result
}

async function send(context, peer, test) {
  return withClient(
    context,
    peer,
    'send',
    'sink',
    { port: 0 },
    { size: test.load.size },
    async (client, sink) => {
      await client.line('sending')
      await pause(context.warmup * 1000)
      const result = await measureSending(client, sink, context.seconds)
      return {
        value: result.messages / result.seconds,
        cpu: perMillion(result.cpuSeconds, result.messages),
        detail: result,
      }
    },
  )
}

async function countSendCalls(context, peer, test) {
  return withClient(
    context,
    peer,
    'send',
    'sink',
    { port: 0 },
    { size: test.load.size },
    async (client, sink) => {
      await client.line('sending')
      const counted = await countSystemCalls(client.pid, () => measureSending(client, sink, countedSeconds))
      return counted.calls / counted.result.messages
    },
  )
}

async function idle(context, peer, test) {
  const { connections, tls, deflate, touch } = test.load
  const options = serverOptions(context, peer, test)
  const body = async (server, port) => {
    const open = async (number) => {
      const child = generator(context, 'idle', { port, connections: number, tls, deflate })
      const ready = await child.line('ready', 120)
      if (touch) {
        child.say('touch')
        await child.line('touched', 60)
      }
      return { child, ready }
    }
    // What the first connections make the runtime load, compile and reserve is not the price of a connection. They
    // stay open, so that the memory of those measured is new.
    const first = await open(firstConnections)
    const before = await resident(server)
    const held = await open(connections)
    const after = await resident(server)
    for (const { child } of [held, first]) {
      if ((await child.end(20)) !== 0) throw new Error(`the ${peer} server closed idle connections`)
    }
    return {
      value: (after - before) / connections,
      detail: { before, after, extensions: held.ready.extensions },
    }
  }
  return withServer(context, peer, 'echo', options, body, { fixedHeap: true })
}

async function heartbeat(context, peer, test) {
  const { live, silent, flooding, block } = test.load
  const options = { interval: heartbeatMilliseconds, timeout: heartbeatMilliseconds }
  return withServer(context, peer, 'heartbeat', options, async (server, port) => {
    const clients = generator(context, 'dead', { port, live, silent, flooding, seconds: block + 3 })
    await clients.line('ready', 30)
    // Two intervals of normal life first: the heartbeat is under way when the loop is blocked.
    await pause(2 * heartbeatMilliseconds)
    server.say(`block ${block * 1000}`)
    await server.line('blocking')
    clients.say('silence')
    const result = await clients.line('case', block + 30)
    await clients.exited
    return {
      value: result.live.closed,
      deadLeftOpen: result.silent.connections - result.silent.closed,
      deadClosedAfter: result.silent.closed ? result.silent.latestSinceSilenceMilliseconds : undefined,
      floodingLost: flooding ? result.flooding.closed : undefined,
      detail: result,
    }
  })
}

export const runners = {
  echo,
  rtt,
  publish,
  receive,
  send,
  idle,
  heartbeat,
  ...clientRunners,
  ...reactRunners,
  ...roomRunners,
}

/** System calls a message of the measured process, for the kinds that are rates. */
export const callCounters = {
  echo: (context, peer, test) => countServerCalls(context, peer, test, 'echo', 'echo'),
  rtt: (context, peer, test) => countServerCalls(context, peer, test, 'echo', 'rtt'),
  publish: (context, peer, test) => countServerCalls(context, peer, test, 'publish', 'subscribe'),
  receive: countReceiveCalls,
  send: countSendCalls,
}
