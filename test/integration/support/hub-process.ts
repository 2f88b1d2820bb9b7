// A hub in a process of its own, over a broker. It listens on a unix socket, so that it comes back at its old address
// without a port that somebody else could take meanwhile.
import { rmSync } from 'node:fs'
import { Child } from '../../support/child'

/** What the child does with lines of its standard input: `[name, …arguments]` as JSON. */
const PROGRAM = `
const path = require('node:path')
const { Hub } = hawser
const adapters = (name) => require(path.join(path.dirname(process.env.HAWSER_ENTRY), 'adapters', name, 'index.js'))
const { socketPath, port, module, factory, adapter, hub: options } = JSON.parse(process.env.HUB)
const shared = { host: '127.0.0.1', port, reusePort: true }
const server = new WebSocketServer(socketPath ? { socketPath } : port === undefined ? { noServer: true } : shared)
const hub = new Hub(server, {
  ...options,
  auth: { verify: (_request, token) => (token === undefined ? undefined : { userId: token }), required: false },
  adapter: adapters(module)[factory](adapter),
})
const errors = []
hub.on('error', (error) => errors.push(error.code ?? String(error)))
hub.on('say', ({ to, what }) => hub.to(to).post('m', what))
const commands = {
  /** Messages \`from\` to \`to\`, in turn to so many rooms; each has its number in its room. */
  publish: async (from, to, rooms) => {
    let last
    for (let i = from; i < to; i++) {
      const target = hub.to('room' + (i % rooms))
      if (i + rooms < to) target.send('m', Math.floor(i / rooms))
      else last = target.post('m', Math.floor(i / rooms))
    }
    await last
  },
  send: (room, payload) => hub.to(room).post('m', payload),
  /** Loses so many connections. */
  drop: (first, count) => {
    const all = hub.connections
    for (let i = 0; i < Math.min(count, all.length); i++) all[(first + i) % all.length].socket.terminate()
  },
  metrics: () => ({ ...hub.metrics(), told: errors }),
  presence: (user) => hub.presenceOf(user) ?? null,
  size: (room) => hub.size(room),
  port: () => server.address().port,
  close: (options) => hub.close(options),
}
const lines = require('node:readline').createInterface({ input: process.stdin })
lines.on('line', async (line) => {
  const [id, name, ...args] = JSON.parse(line)
  try {
    say('=' + JSON.stringify([id, (await commands[name](...args)) ?? null]))
  } catch (error) {
    say('=' + JSON.stringify([id, null, String(error)]))
  }
})
if (socketPath || port !== undefined) await once(server, 'listening')
say('ready')
`

export interface HubProcessOptions {
  /** Undefined, as `port`: nobody can connect. */
  socketPath?: string
  /** A port that it shares with others instead; 0: one that is free. */
  port?: number
  /** Name of the folder of adapters, and of the function in it. */
  module: string
  factory: string
  /** Options of that function, and of the hub. */
  adapter: object
  hub: object
}

export class HubProcess {
  private child: Child | undefined
  private asked = 0
  /** Whether it has started, and was not killed. */
  running = false

  constructor(readonly options: HubProcessOptions) {}

  get url(): string {
    const { socketPath, port } = this.options
    return port === undefined ? `ws+unix:${socketPath ?? ''}:/` : `ws://127.0.0.1:${port}`
  }

  async start(): Promise<this> {
    if (this.options.socketPath !== undefined) rmSync(this.options.socketPath, { force: true })
    const child = new Child(PROGRAM, { env: { HUB: JSON.stringify(this.options) } })
    this.child = child
    await child.says(/^ready$/m)
    this.running = true
    return this
  }

  /** Has the child do something, and resolves with what it answers. */
  async ask<T = unknown>(name: string, ...args: unknown[]): Promise<T> {
    const { child } = this
    if (child === undefined) throw new Error('the hub does not run')
    const id = ++this.asked
    child.tell(JSON.stringify([id, name, ...args]))
    const [, text] = await child.says(new RegExp(`^=(\\[${id},.*\\])$`, 'm'))
    const [, answer, error] = JSON.parse(text) as [number, T, string | undefined]
    if (error !== undefined) throw new Error(error)
    return answer
  }

  /** Without a word, as a crash would. */
  async kill(): Promise<void> {
    const { child } = this
    this.child = undefined
    this.running = false
    child?.kill()
    await child?.exit()
  }
}
