// Options of a managed client from three places: the program, the environment, the defaults.
import type { ManagedClientOptions } from '../client/client-options'
import { strategies } from '../client/strategies'
import { defaults } from '../core/defaults'
import { HawserTypeError } from '../core/error'
import { shown } from '../core/validate'

export type Environment = Readonly<Record<string, string | undefined>>

/** Options that a variable may set: how its text is read. `HAWSER_QUEUE_MAX_MESSAGES` is `queue.maxMessages`. */
const variables = {
  url: 'list',
  protocols: 'list',
  strategy: 'text',
  token: 'text',
  acks: 'switch',
  requestTimeout: 'number',
  maxRequests: 'number',
  connectTimeout: 'number',
  handshakeTimeout: 'number',
  idleTimeout: 'number',
  maxPayload: 'number',
  highWaterMark: 'number',
  maxBackpressure: 'number',
  perMessageDeflate: 'switch',
  sendBatch: 'switch',
  origin: 'text',
  proxy: 'text',
  reconnect: 'switch',
  'reconnect.minDelay': 'number',
  'reconnect.maxDelay': 'number',
  'reconnect.factor': 'number',
  'reconnect.jitter': 'number',
  'reconnect.maxAttempts': 'number',
  'reconnect.minUptime': 'number',
  'reconnect.adaptive': 'switch',
  heartbeat: 'switch',
  'heartbeat.interval': 'number',
  'heartbeat.timeout': 'number',
  'heartbeat.messages': 'switch',
  'queue.maxMessages': 'number',
  'queue.maxBytes': 'number',
  'queue.overflow': 'text',
  'queue.ttl': 'number',
  'queue.ackTimeout': 'number',
  'queue.retries': 'number',
  'queue.store': 'text',
} as const

const groups = ['reconnect', 'heartbeat', 'queue'] as const
type Settings = Record<string, unknown>

/** The variable of an option: `queue.maxMessages` is `HAWSER_QUEUE_MAX_MESSAGES`. */
export function variableOf(option: string): string {
  return `HAWSER_${option.replace('.', '_').replace(/[A-Z]/g, '_$&').toUpperCase()}`
}

/** Every variable that `createDefaultConfig` reads. */
export const configVariables: readonly string[] = /* @__PURE__ */ Object.keys(variables).map(variableOf)

/**
 * Options for `new WebSocketClient()`: the defaults of `reconnect`, `heartbeat`, `queue` and of requests; over them what the
 * environment says; over that `overrides`. Groups are joined name by name; a group that is `false` stays so.
 *
 * @param environment where the variables are. Default: `process.env`, or nothing where there is none.
 * @example
 * // HAWSER_URL=wss://a.example,wss://b.example HAWSER_RECONNECT_MAX_DELAY=5000 HAWSER_TOKEN=…
 * const client = new WebSocketClient(createDefaultConfig({ queue: { maxMessages: 50 } }))
 * @throws TypeError `INVALID_OPTION`: a variable that cannot be read
 */
export function createDefaultConfig(
  overrides: Partial<ManagedClientOptions> = {},
  environment: Environment = (globalThis as { process?: { env: Environment } }).process?.env ?? {},
): ManagedClientOptions {
  const config: Settings = usual()
  for (const layer of [fromEnvironment(environment), overrides as Settings]) {
    for (const [name, value] of Object.entries(layer)) {
      if (value === undefined) continue
      config[name] = (groups as readonly string[]).includes(name) ? joined(config[name], value) : value
    }
  }
  return config as unknown as ManagedClientOptions
}

function usual(): Settings {
  const value = (name: keyof typeof defaults): number => defaults[name].value
  return {
    strategy: 'failover',
    reconnect: {
      minDelay: value('reconnect.minDelay'),
      maxDelay: value('reconnect.maxDelay'),
      factor: 2,
      jitter: 0.5,
      maxAttempts: value('reconnect.maxAttempts'),
      minUptime: value('reconnect.minUptime'),
    },
    heartbeat: { interval: value('heartbeat.interval'), timeout: value('heartbeat.timeout') },
    queue: {
      maxMessages: value('queue.maxMessages'),
      maxBytes: value('queue.maxBytes'),
      overflow: 'drop-oldest',
      ttl: value('queue.ttl'),
      ackTimeout: value('queue.ackTimeout'),
      retries: value('queue.retries'),
    },
    requestTimeout: value('requestTimeout'),
    maxRequests: value('maxRequests'),
  }
}

function joined(below: unknown, above: unknown): unknown {
  if (above === true) return below === false ? true : below
  const both = isObject(below) && isObject(above)
  return both
    ? { ...below, ...Object.fromEntries(Object.entries(above).filter(([, v]) => v !== undefined)) }
    : above
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function fromEnvironment(environment: Environment): Settings {
  const found: Settings = {}
  for (const [option, kind] of Object.entries(variables)) {
    const name = variableOf(option)
    const text = environment[name]?.trim()
    if (text === undefined || text === '') continue
    const value = readers[kind](name, text)
    const [group, ...inner] = option.split('.')
    const own = inner.at(0)
    if (option === 'token') found['auth'] = () => text
    else if (option === 'strategy' && !(strategies as readonly string[]).includes(text)) {
      refuse(name, `one of ${strategies.join(', ')}`, text)
    } else if (own === undefined) found[group] = value
    // `HAWSER_RECONNECT=false` wins over what else is said of it.
    else if (found[group] !== false)
      found[group] = { ...(isObject(found[group]) ? found[group] : {}), [own]: value }
  }
  return found
}

const readers = {
  text: (_: string, text: string): unknown => text,
  list: (_: string, text: string): unknown => {
    const list = text.split(/[\s,]+/).filter((part) => part !== '')
    return list.length === 1 ? list[0] : list
  },
  number: (name: string, text: string): unknown => {
    const value = Number(text)
    return Number.isFinite(value) ? value : refuse(name, 'a number', text)
  },
  switch: (name: string, text: string): unknown => {
    if (/^(true|1|yes|on)$/i.test(text)) return true
    return /^(false|0|no|off)$/i.test(text) ? false : refuse(name, 'true or false', text)
  },
}

function refuse(name: string, wanted: string, text: string): never {
  throw new HawserTypeError(
    'INVALID_OPTION',
    `The environment variable ${name} must be ${wanted}, not ${shown(text)}`,
  )
}
