// Options of clients on the portable engine, checked: those that a platform's WebSocket leaves to the program.
import { HawserError, HawserRangeError, HawserTypeError } from '../../core/error'
import { OptionReader, badOption, shown } from '../../core/validate'
import { readLearned } from '../learned'
import { type SharedOptions, readMarks, readShared, readTargets, sharedNames } from '../shared-options'
import { type PlatformSocketConstructor, platform } from './platform'

export interface PortableOptions extends SharedOptions {
  portable: PlatformSocketConstructor
  maxPayload: number
  maxBackpressure: number
  connectTimeout: number
  closeTimeout: number
  /** Heartbeat messages; `interval` 0: none. `always`: to servers too that do not speak our protocol. */
  heartbeat: { interval: number; timeout: number; always: boolean }
}

const own = [
  'WebSocket',
  'heartbeat',
  'maxPayload',
  'highWaterMark',
  'maxBackpressure',
  'connectTimeout',
  'closeTimeout',
]
/** What a platform decides by itself, and nobody's meaning depends on. */
const ignored = ['handshakeTimeout', 'attemptDelay', 'perMessageDeflate', 'maxHeaderSize']

/** `owner` names the engine in errors. Throws INVALID_OPTION, INVALID_URL, INVALID_ARGUMENT. */
export function readPortableOptions(options: unknown, owner: string): PortableOptions {
  if (typeof options === 'string' || options instanceof URL || Array.isArray(options))
    options = { url: options }
  const reader = new OptionReader(`WebSocketClient on ${owner}`, options, [
    ...sharedNames,
    ...own,
    ...ignored,
  ])
  const socket = reader.func<PlatformSocketConstructor>('WebSocket') ?? platform.WebSocket
  if (socket === undefined) {
    throw new HawserError('INVALID_STATE', 'There is no global WebSocket. Give one as the option `WebSocket`')
  }
  const heartbeat = readHeartbeat(reader.raw('heartbeat'))
  const shared = readShared(reader, 'message', heartbeat.messages)
  if (shared.auth?.as === 'header') {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`auth.as\` cannot be 'header' on ${owner}, which sets no headers: take 'message' or 'query'`,
    )
  }
  const maxBackpressure = reader.number('maxBackpressure')
  const highWaterMark = reader.has('highWaterMark')
    ? reader.number('highWaterMark')
    : Math.min(1 << 20, maxBackpressure)
  if (highWaterMark > maxBackpressure) {
    throw new HawserRangeError(
      'INVALID_OPTION',
      `Option \`highWaterMark\` (${highWaterMark}) must not be above \`maxBackpressure\` (${maxBackpressure})`,
    )
  }
  const marks = { maxBackpressure, highWaterMark }
  readMarks(reader, marks, shared.queue.maxBytes)
  const targets = readTargets(reader.raw('url'), shared.dialect, readUrl)
  const { interval, timeout, messages: always } = heartbeat
  return {
    ...shared,
    portable: socket,
    targets,
    learned: readLearned(
      reader.raw('learned'),
      targets.map(({ href }) => href),
    ),
    connectTimeout: reader.number('connectTimeout'),
    closeTimeout: reader.number('closeTimeout'),
    maxPayload: reader.number('maxPayload'),
    ...marks,
    heartbeat: { interval, timeout, always },
  }
}

/** Pings are the platform's business, so heartbeats are messages. `messages`: to any server. */
function readHeartbeat(value: unknown): { interval: number; timeout: number; messages: boolean } {
  if (value === false) return { interval: 0, timeout: 0, messages: false }
  if (value !== undefined && value !== true && (value === null || typeof value !== 'object')) {
    badOption('heartbeat', 'true, false or an object with `interval` and `timeout`', value)
  }
  const given = typeof value === 'object' ? value : undefined
  const reader = new OptionReader('`heartbeat`', given, ['interval', 'timeout', 'messages'], 'heartbeat.')
  return {
    interval: reader.number('interval'),
    timeout: reader.number('timeout'),
    messages: reader.boolean('messages', false),
  }
}

/** Throws INVALID_URL. In a page the URL may be relative to the page's own. */
function readUrl(given: unknown): { href: string } {
  const bad = (message: string): never => {
    throw new HawserTypeError('INVALID_URL', message)
  }
  if (typeof given !== 'string' && !(given instanceof URL))
    bad(`\`url\` must be a string or a URL, not ${shown(given)}`)
  let url: URL
  try {
    url = new URL(given as string, platform.location?.href)
  } catch {
    return bad(`${shown(given)} is not a URL such as 'wss://example.com/path'`)
  }
  if (/^https?:$/.test(url.protocol)) url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  if (!/^wss?:$/.test(url.protocol))
    bad(`A WebSocket URL begins with ws:, wss:, http: or https:, not ${url.protocol}`)
  if (url.href.includes('#')) bad('A WebSocket URL must not have a fragment (#)')
  if (url.username !== '' || url.password !== '')
    bad('A WebSocket URL has no user and password here: use `auth`')
  return url
}
