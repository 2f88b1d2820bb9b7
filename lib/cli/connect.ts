// `hawser connect URL`: a terminal, or a pipe, at one end of a connection.
import type { ManagedClientOptions } from '../client/client-options'
import { type Command, type Surroundings } from './command'
import { type Goals, type Peer, converse } from './conversation'
import { dialOptions, readDialing, readUrl } from './dialing'
import { HubPeer, hubCommands } from './hub-peer'
import { linesOf, piecesOf, typedIn } from './input'
import { Report } from './report'
import { SocketPeer, socketCommands } from './socket-peer'
import { type Given, UsageError, readWords } from './words'

const seconds = { value: 'SECONDS', number: { min: 0, max: 86_400, whole: false } } as const

const options = {
  send: {
    value: 'TEXT',
    many: true,
    short: 's',
    says: 'send this, then end; several in order; standard input is not read',
  },
  exec: { value: 'TEXT', many: true, short: 'x', says: 'the same as --send' },
  count: {
    value: 'N',
    short: 'n',
    number: { min: 1, max: 2 ** 31 },
    says: 'end after N messages; fewer are a failure',
  },
  wait: {
    ...seconds,
    short: 'w',
    says: 'after all was sent, end when nothing has come for so long (default 1)',
  },
  listen: { short: 'l', says: 'stay until the other side ends it' },
  timeout: { ...seconds, short: 't', says: 'fail when it is not over by then' },
  binary: { short: 'b', says: 'send binary messages: of a pipe each piece that is read, else each line' },
  slash: { says: 'commands in a pipe too, see below' },
  json: { short: 'j', says: 'print every event as one line of JSON' },
  raw: { says: 'print messages as they are, without line ends' },
  quiet: { short: 'q', says: 'print nothing but messages and errors' },
  reconnect: { short: 'r', says: 'connect again when the connection is lost' },
  follow: { short: 'L', says: 'follow redirects' },
  hub: { says: 'speak hawser.v1: messages with types, rooms, requests; reconnects' },
  join: { value: 'ROOM', many: true, says: 'with --hub: join a room first' },
  request: { value: "'TYPE [PAYLOAD]'", many: true, says: 'with --hub: ask, print the reply, then end' },
  ack: { says: 'with --hub: wait for the ack of each message' },
  token: { value: 'TOKEN', says: 'with --hub: who this is' },
  ...dialOptions,
} as const

export const connect: Command = {
  usage: 'URL [options]',
  summary: 'Sends what is typed or piped in, a line a message, and prints what arrives.',
  options,
  details: [
    'Messages go to standard output, everything else to standard error. A pipe is read as fast as its lines leave. After the',
    'last of them the connection is closed once nothing comes any more (--wait), or at the Nth message (--count), or never',
    '(--listen).',
    '',
    socketCommands,
    '',
    hubCommands,
  ].join('\n'),
  async run(words, around) {
    const { given, rest } = readWords(options, words)
    check(given)
    const sends = [...given.send, ...given.exec]
    const goals = goalsOf(given, sends, around)
    const report = new Report(around.terminal, {
      json: given.json,
      raw: given.raw,
      quiet: given.quiet,
      count: given.count ?? 0,
    })
    const peer: Peer = given.hub ? hubPeer(given, rest, report) : socketPeer(given, rest, report, around)
    return await converse(peer, { ...goals, counted: report.counted, lastHeard: () => report.lastHeard })
  },
}

function check(given: Given<typeof options>): void {
  const needsHub = (['join', 'request', 'ack', 'token'] as const).find(
    (name) => given[name] !== undefined && given[name] !== false && String(given[name]) !== '',
  )
  if (!given.hub && needsHub !== undefined) throw new UsageError(`--${needsHub} goes with --hub`)
  const unfit = (['follow', 'slash', 'binary'] as const).find((name) => given[name])
  if (given.hub && unfit !== undefined) throw new UsageError(`--${unfit} does not go with --hub`)
  if (given.json && given.raw) throw new UsageError('--json and --raw exclude each other')
}

function goalsOf(
  given: Given<typeof options>,
  sends: string[],
  { stdin, terminal, signal }: Surroundings,
): Omit<Goals, 'counted' | 'lastHeard'> {
  const typed = stdin.isTTY === true
  const reads = sends.length === 0 && given.request.length === 0 && !given.listen
  // A reply is all that a request waits for.
  const waits = given.wait ?? (given.request.length > 0 && sends.length === 0 ? 0 : 1)
  return {
    sends,
    input: !reads
      ? undefined
      : typed
        ? typedIn(stdin, terminal, () => process.kill(process.pid, 'SIGINT'))
        : given.binary
          ? piecesOf(stdin)
          : linesOf(stdin),
    stays: given.listen,
    wait: waits * 1000,
    timeout: (given.timeout ?? 0) * 1000,
    signal,
    refused: (why) => terminal.note(why, 'red'),
  }
}

function socketPeer(
  given: Given<typeof options>,
  rest: string[],
  report: Report,
  { stdin }: Surroundings,
): SocketPeer {
  const socket = { ...readDialing(given), followRedirects: given.follow }
  const piped = given.send.length + given.exec.length > 0 || stdin.isTTY !== true
  const commands = given.slash || !piped
  const { reconnect, binary, protocol: protocols } = given
  return new SocketPeer({ url: readUrl(rest), protocols, socket, reconnect, binary, commands }, report)
}

function hubPeer(given: Given<typeof options>, rest: string[], report: Report): HubPeer {
  const client: ManagedClientOptions = {
    ...(readDialing(given) as Partial<ManagedClientOptions>),
    url: readUrl(rest),
    reconnect: { maxAttempts: given.reconnect ? 0 : 1 },
  }
  if (given.protocol.length > 0) client.protocols = given.protocol
  const { token, ack } = given
  if (token !== undefined) client.auth = () => token
  return new HubPeer({ client, rooms: given.join, requests: given.request, ack }, report)
}
