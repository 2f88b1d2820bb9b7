// How the cases of the managed client run once. The clients check what they get; a wrong run ends without a result.
import { perMillion, withClient } from './running.mjs'

const timing = ({ seconds, warmup }) => ({ seconds, warmup })

function outcome(result) {
  return {
    value: result.messagesPerSecond,
    cpu: perMillion(result.cpuSeconds, result.messages),
    loop: result.loop,
    delivered: result.delivered,
    detail: result,
  }
}

// A client of the kind against a feed; the client is told how the feed is numbered.
const ofFeed = (kind) => (context, peer, test) => {
  const { every, ...load } = test.load
  const about = { ...timing(context), every, keys: load.keys, wantEvery: load['want-every'] }
  return withClient(context, peer, kind, 'feed', { port: 0, ...load }, about, async (client) =>
    outcome(await client.line('messages', context.seconds + context.warmup + 30)),
  )
}

function request(context, peer, test) {
  const about = { ...timing(context), inFlight: test.load.inFlight }
  return withClient(context, peer, 'request', 'respond', { port: 0 }, about, async (client) =>
    outcome(await client.line('messages', context.seconds + context.warmup + 30)),
  )
}

function idleClients(context, peer, test) {
  return withClient(
    context,
    peer,
    'idle',
    'sink',
    { port: 0 },
    test.load,
    async (client) => {
      const result = await client.line('bytes', test.load.seconds + 60)
      return { value: result.bytes, idleCpu: result.idleCpu, detail: result }
    },
    { fixedHeap: true },
  )
}

export const clientRunners = {
  feed: ofFeed('feed'),
  rxjs: ofFeed('rxjs'),
  conflate: ofFeed('conflate'),
  columns: ofFeed('columns'),
  request,
  idleClients,
}
