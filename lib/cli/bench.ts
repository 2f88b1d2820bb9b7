// `hawser bench`: what a server that echoes can take, measured with the native client.
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { type Command, exits } from './command'
import { dialOptions, readDialing, readUrl } from './dialing'
import { linesOf } from './input'
import { Load, type LoadResult } from './load'
import { UsageError, readWords } from './words'

const options = {
  connections: {
    value: 'N',
    number: { min: 1, max: 100_000 },
    short: 'c',
    says: 'connections (default 100)',
  },
  'in-flight': {
    value: 'N',
    number: { min: 1, max: 100_000 },
    short: 'f',
    says: 'unanswered messages on each connection (default 16)',
  },
  size: {
    value: 'BYTES',
    number: { min: 0, max: 64 * 1024 * 1024 },
    short: 's',
    says: 'of a message (default 64)',
  },
  seconds: {
    value: 'N',
    number: { min: 0.1, max: 86_400, whole: false },
    short: 't',
    says: 'to measure (default 5)',
  },
  warmup: { value: 'SECONDS', number: { min: 0, max: 3600, whole: false }, says: 'before that (default 1)' },
  rate: {
    value: 'N',
    number: { min: 0, max: 100_000_000 },
    short: 'r',
    says: 'messages a second in all (default 0: as fast as answers come)',
  },
  binary: { short: 'b', says: 'binary messages' },
  serve: { says: 'against a server of its own, in a process of its own' },
  json: { short: 'j', says: 'print the result as JSON' },
  ...dialOptions,
} as const

export const bench: Command = {
  usage: 'URL | --serve [options]',
  summary: 'Loads a server that echoes, and says how many messages come back and how long they take.',
  options,
  details: [
    'The server has to answer each message with one message, in order. With --rate a message counts from when it should have',
    'left, so that a server which stalls cannot hide it. Load and server share the machine with --serve.',
    'A connection that fails or is lost makes the exit code 1.',
  ].join('\n'),
  async run(words, { terminal, signal }) {
    const { given, rest } = readWords(options, words)
    if (given.serve && rest.length > 0) throw new UsageError('Either a URL or --serve')
    const socket = readDialing(given)
    const own = given.serve ? await OwnServer.start(given.deflate) : undefined
    try {
      const load = new Load(
        {
          url: own?.url ?? readUrl(rest),
          protocols: given.protocol,
          socket,
          connections: given.connections ?? 100,
          inFlight: given['in-flight'] ?? 16,
          size: given.size ?? 64,
          binary: given.binary,
          rate: given.rate ?? 0,
          warmup: (given.warmup ?? 1) * 1000,
          time: (given.seconds ?? 5) * 1000,
        },
        signal,
      )
      const result = await load.run()
      terminal.line(given.json ? JSON.stringify(result) : inText(result))
      return result.failed + result.lost > 0 || result.messages === 0 ? exits.failure : exits.ok
    } finally {
      await own?.stop()
    }
  },
}

/** `hawser serve` in a process of its own, so that it has an event loop of its own. */
class OwnServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly gone: Promise<unknown>,
    readonly url: string,
  ) {}

  static async start(deflate: boolean): Promise<OwnServer> {
    const words = ['serve', 'echo', '--port', '0', '--json', '--quiet', ...(deflate ? ['--deflate'] : [])]
    // In a group of its own: Ctrl-C is for this process, which then stops that one. The channel tells it of any other end.
    const child = spawn(process.execPath, [path.join(__dirname, 'main.js'), ...words], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      detached: true,
    })
    if (child.stdout === null) throw new Error('the server of --serve has no output')
    const gone = new Promise((resolve) => child.once('close', resolve))
    for await (const line of linesOf(child.stdout)) {
      return new OwnServer(child, gone, (JSON.parse(line) as { url: string }).url)
    }
    await gone
    throw new Error('the server of --serve did not start')
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.gone
  }
}

function inText(result: LoadResult): string {
  const { connections, failed, lost, errors, opening, seconds, latency } = result
  const count = (value: number): string => Math.round(value).toLocaleString('en')
  const time = (value: number): string =>
    value < 1 ? `${(value * 1000).toFixed(0)} µs` : `${value.toFixed(value < 10 ? 2 : 1)} ms`
  const lines: [string, string][] = [
    ['connections', `${count(connections)} in ${time(opening)}`],
    ['messages', `${count(result.messages)} in ${seconds.toFixed(1)} s`],
    [
      'rate',
      `${count(result.messagesPerSecond)} messages/s, ${(result.bytesPerSecond / 1e6).toFixed(1)} MB/s each way`,
    ],
  ]
  if (latency !== undefined) {
    const { min, mean, p50, p90, p99, p999, max } = latency
    lines.push(
      [
        'latency',
        `p50 ${time(p50)}, p90 ${time(p90)}, p99 ${time(p99)}, p99.9 ${time(p999)}, max ${time(max)}`,
      ],
      ['', `min ${time(min)}, mean ${time(mean)}`],
    )
  }
  lines.push([
    'this side',
    `event loop ${(result.eventLoop * 100).toFixed(0)} % busy, ${result.cpu.toFixed(2)} cores`,
  ])
  if (result.behind > 0) lines.push(['behind', `${count(result.behind)} messages could not be sent in time`])
  if (failed + lost > 0) {
    const codes = Object.entries(errors).map(([code, times]) => `${code} ${count(times)}`)
    lines.push([
      'failed',
      `${count(failed)} connections, and ${count(lost)} were lost${codes.length > 0 ? `: ${codes.join(', ')}` : ''}`,
    ])
  }
  return lines.map(([name, words]) => `${name.padEnd(13)}${words}`).join('\n')
}
