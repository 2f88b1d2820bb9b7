// The service of the dashboard, a process that may be killed and started again at any time:
//   node service.mjs <settings as JSON>
// It takes the feed in, serves the page and its hub on one port, and measures itself. What must outlive it is with the
// parent: the log of the rooms.
//
// Rooms: `flights` (fast, nothing is kept), `board` (samples and incidents, kept), `chat` (kept).
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as hawser from 'hawser'
import { chat } from './chat.mjs'
import { Intake } from './intake.mjs'
import { Parent } from './parent.mjs'
import { ParentLog } from './room-log.mjs'
import { siteHandler } from '../../web/server/site.mjs'
import { Trouble } from './trouble.mjs'
import { nameIn, Visitors } from './visitors.mjs'
import { period, Vitals } from './vitals.mjs'

/** Two minutes of samples. */
const samplesKept = 120 * (1000 / period)

const { port, feed, folder, life, down } = JSON.parse(process.argv[2])
// Ctrl-C is for the parent, which ends this process.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.on(signal, () => {})

const parent = new Parent()
const http = createServer(siteHandler(folder))
const server = new hawser.WebSocketServer({
  server: http,
  path: '/live',
  heartbeat: { interval: 1_000, timeout: 4_000 },
  maxBackpressure: 16 * 1024 * 1024,
  // A page that is behind gets the latest flights; messages with an id are different from each other.
  slowConsumer: { conflate: ['/type', '/payload/id'] },
  maxPayload: 64 * 1024,
  maxConnections: 500,
  verify: ({ url }) => {
    const name = nameIn(url)
    if (name === '') return { status: 400, body: 'name yourself: ?name=Amber%20Falcon%2042\n' }
    return trouble.refuses(name) ? { status: 503 } : true
  },
})
const hub = new hawser.Hub(server, {
  auth: { verify: ({ url }) => ({ userId: nameIn(url) }) },
  adapter: new ParentLog(parent.ask),
  history: { count: samplesKept, rooms: (room) => room === 'board' || room === 'chat' },
  notices: false,
  rateLimit: { connection: { messages: 500, per: 1_000 } },
  // The parent answers for what it keeps, and may be busy.
  handlerTimeout: 30_000,
})
const board = hub.to('board')
const intake = new Intake(hawser, feed, hub)
const vitals = new Vitals()
const visitors = new Visitors(hub)
let incidents = 0
const tell = (incident) =>
  board.send('incident', { id: `${life}i${++incidents}`, at: Date.now(), ...incident })
const trouble = new Trouble(hawser, hub, {
  restart: (by) => parent.tell({ restart: by }),
  tell,
  counts: () => ({ messages: intake.metrics.messagesIn, heartbeats: hub.metrics().server.heartbeats }),
})
chat(hawser, hub)
// The ledger of the demo: booked with the parent before it is acknowledged.
hub.on('ledger', ({ number }) => parent.ask('book', number))

http.listen(port, '127.0.0.1')
await once(http, 'listening')
parent.tell({ ready: http.address().port })
if (life > 1) tell({ kind: 'restarted', life, by: down.by, ms: Date.now() - down.since })

const timer = setInterval(() => {
  const sample = vitals.sample(intake, hub, { life, people: visitors.names.length })
  board.send('sample', sample)
  parent.tell({ sample })
}, period)

parent.onClose = async () => {
  clearInterval(timer)
  visitors.stop()
  vitals.stop()
  await intake.close()
  await hub.close({ timeout: 2_000 })
  http.close()
  http.closeAllConnections()
  process.exit()
}
