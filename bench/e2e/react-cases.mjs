// A page with React: what a feed costs it. Fields as in cases.mjs.
import { scriptCommand } from './peers.mjs'
import { Child } from './processes.mjs'

export const reactCases = [
  {
    id: 'react',
    group: 'react',
    kind: 'react',
    title: 'React: time in scripts for a feed of 10,000 messages/s in Chromium, the latest 20 shown',
    load: {},
    unit: 'ms a second of the feed',
    peers: ['hawser', 'react-use-websocket'],
    targets: [
      { over: 'react-use-websocket', atMost: 0.2 },
      { of: 'rendersPerFrame', atMost: 1 },
    ],
  },
]

/** Ten seconds, three with --quick: a page has to be warm, and frames come 60 times a second only. */
const secondsOf = ({ seconds }) => (seconds < 3 ? 3 : 10)

async function react(context, peer) {
  const seconds = secondsOf(context)
  const about = { seconds, warmup: context.warmup }
  const client = new Child(`the ${peer} page`, scriptCommand(peer, 'clients', 'react', about))
  try {
    const result = await client.line('scripting', seconds + context.warmup + 300)
    const { scripting, renders, frames, rendersPerFrame } = result
    return { value: scripting, renders, frames, rendersPerFrame, detail: result }
  } finally {
    await client.end()
  }
}

export const reactRunners = { react }
