// `hawser serve`: a server to try things with.
import { statSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { WebSocketServer } from '../server/websocket-server'
import type { ServerOptions } from '../server/server-options'
import { type Command, type Surroundings, exits } from './command'
import { MistypedLine } from './conversation'
import { readText } from './dialing'
import { linesOf } from './input'
import { type Log, type Mode, type Serving, broadcast, echo, hub, modes } from './serving'
import { staticFiles } from './static-files'
import { harmless } from './terminal'
import { type Given, UsageError, readWords } from './words'

const options = {
  port: {
    value: 'PORT',
    number: { min: 0, max: 65_535 },
    short: 'p',
    says: 'port (default 8080; 0: one that is free)',
  },
  host: { value: 'ADDRESS', says: 'address to listen on (default 127.0.0.1; 0.0.0.0 for all)' },
  cert: { value: 'FILE', says: 'certificate chain, PEM: serve wss' },
  key: { value: 'FILE', says: 'its key, PEM' },
  path: { value: 'PATH', says: 'the only path there is' },
  protocol: { value: 'NAME', many: true, says: 'subprotocols to agree to, best first' },
  deflate: { says: 'agree to permessage-deflate' },
  static: { value: 'FOLDER', says: 'answer plain requests with the files of this folder' },
  publish: { says: 'say each line of standard input to everybody; hub: TYPE[@ROOM] [PAYLOAD]' },
  room: { value: 'NAME', many: true, says: 'hub: the rooms there are (default: any)' },
  history: {
    value: 'N',
    number: { min: 0, max: 1_000_000 },
    says: 'hub: messages that each room keeps (default 0)',
  },
  user: { value: 'TOKEN=NAME', many: true, says: 'hub: let in only who has one of these tokens' },
  json: { short: 'j', says: 'log one JSON object a line' },
  quiet: { short: 'q', says: 'log nothing but where it listens' },
  verbose: { short: 'v', says: 'log messages too' },
} as const

export const serve: Command = {
  usage: '[echo | broadcast | hub] [options]',
  summary: 'A server to try things with: echo (default), broadcast to all of the same path, or a hub.',
  options,
  details: [
    'A hub sends messages to the others in their room, those without a room to all others, and answers requests of the',
    'types echo, time, rooms and members. /healthz and /metrics answer on its port unless --static does.',
    '',
    'SIGINT and SIGTERM say goodbye to all peers (1001) and end it; a second one ends it at once.',
  ].join('\n'),
  async run(words, around) {
    const { given, rest } = readWords(options, words)
    const mode = modeOf(rest)
    for (const name of ['room', 'user'] as const) {
      if (mode !== 'hub' && given[name].length > 0) throw new UsageError(`--${name} goes with hub`)
    }
    if (mode !== 'hub' && given.history !== undefined) throw new UsageError('--history goes with hub')
    const log = logTo(around, given)
    const { server, web } = serverOf(given)
    const serving = servingOf(mode, server, log, given)
    const failed = new Promise<never>((_, reject) => {
      server.once('error', reject)
      web?.once('error', reject)
    })
    const { signal } = around
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    try {
      const listening = web ?? server
      await Promise.race([
        failed,
        stopped,
        new Promise<void>((resolve) => listening.once('listening', resolve)),
      ])
      if (!signal.aborted) announce(mode, listening.address(), given, around)
      const input = given.publish ? publish(serving, server, around) : undefined
      await Promise.race([failed, stopped, input?.then(() => stopped) ?? stopped])
      return exits.ok
    } finally {
      await serving.close()
      web?.closeAllConnections()
      web?.close()
    }
  },
}

function modeOf(rest: readonly string[]): Mode {
  const [word = 'echo', ...more] = rest
  const mode = modes.find((name) => name === word)
  if (mode === undefined || more.length > 0) {
    throw new UsageError(`One of ${modes.join(', ')}, not '${rest.join(' ')}'`)
  }
  return mode
}

function serverOf(given: Given<typeof options>): { server: WebSocketServer; web: Server | undefined } {
  const { cert, key, port = 8080, host = '127.0.0.1', path } = given
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together')
  const tls =
    cert === undefined || key === undefined
      ? undefined
      : { cert: readText('cert', cert), key: readText('key', key) }
  const common: ServerOptions = {
    perMessageDeflate: given.deflate,
    protocols: given.protocol,
    ...(path === undefined ? {} : { path }),
  }
  if (given.static === undefined) {
    return { server: new WebSocketServer({ ...common, port, host, ...(tls && { tls }) }), web: undefined }
  }
  if (!statSync(given.static, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--static: ${given.static} is no folder`)
  }
  const files = staticFiles(given.static)
  const web = tls === undefined ? createServer(files) : createSecureServer(tls, files)
  const server = new WebSocketServer({ ...common, server: web })
  web.listen(port, host)
  return { server, web }
}

function servingOf(mode: Mode, server: WebSocketServer, log: Log, given: Given<typeof options>): Serving {
  if (mode === 'echo') return echo(server, log)
  if (mode === 'broadcast') return broadcast(server, log)
  const users = given.user.map((pair): [string, string] => {
    const match = /^([^=]+)=(.+)$/.exec(pair)
    if (match === null) throw new UsageError(`--user takes TOKEN=NAME, not '${pair}'`)
    return [match[1], match[2]]
  })
  return hub(server, log, { rooms: given.room, users: new Map(users), history: given.history ?? 0 })
}

function announce(
  mode: Mode,
  address: unknown,
  given: Given<typeof options>,
  { terminal }: Surroundings,
): void {
  const {
    address: host,
    port,
    family,
  } = address as { address: string; port: number; family: string | number }
  const name = String(family).endsWith('6') ? `[${host}]` : host
  const url = `${given.cert === undefined ? 'ws' : 'wss'}://${name}:${port}${given.path ?? ''}`
  const text = JSON.stringify({ event: 'listening', mode, url })
  terminal.line(given.json ? text : `${mode} at ${url}`, given.json ? undefined : 'green')
}

function logTo({ terminal }: Surroundings, given: Given<typeof options>): Log {
  return (event, facts) => {
    if (given.quiet || (event === 'message' && !given.verbose)) return
    const time = new Date().toISOString()
    if (given.json) terminal.line(JSON.stringify({ time, event, ...facts }))
    else {
      const words = Object.entries(facts)
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => `${name}=${String(value)}`)
      terminal.line(harmless([time.slice(11, 19), event, ...words].join(' ')), 'grey')
    }
  }
}

/** Reads no faster than the slowest peer is ready for. */
async function publish(
  serving: Serving,
  server: WebSocketServer,
  { stdin, terminal }: Surroundings,
): Promise<void> {
  for await (const line of linesOf(stdin)) {
    try {
      if (!serving.publish(line)) await new Promise<void>((resolve) => server.once('drain', () => resolve()))
    } catch (error) {
      if (!(error instanceof MistypedLine)) throw error
      terminal.note(error.message, 'red')
    }
  }
}
