// Logs for looking into things: by scope, off unless HAWSER_DEBUG names it.
import type { WebSocketClient } from '../client/websocket-client'
import type { Environment } from './default-config'

/** Writes one line; `facts` behind it as JSON. */
export interface DebugLogger {
  (event: string, facts?: object): void
  readonly enabled: boolean
}

export interface DebugLoggerOptions {
  /** Default: whether `HAWSER_DEBUG` names the scope: `client`, `client,hub`, `game.*`, `*`. */
  enabled?: boolean
  /** Default: standard error, or the console of a browser. */
  write?: (line: string) => void
  /** Milliseconds since the epoch. Default `Date.now`. */
  now?: () => number
}

/** Names and values that a log must not show. */
const secret = /token|secret|password|authorization|cookie/i

/**
 * A logger for one scope of a program. Tokens, passwords and the like are left out; it costs a call where it is off.
 *
 * @example
 * const log = debugLogger('prices')
 * log('joined', { room: 'A' }) // HAWSER_DEBUG=prices: 12:03:04.005 prices joined {"room":"A"}
 */
export function debugLogger(scope: string, options: DebugLoggerOptions = {}): DebugLogger {
  const enabled = options.enabled ?? isNamed(scope, environment()['HAWSER_DEBUG'])
  const { write = (line: string) => console.error(line), now = Date.now } = options
  const log = (event: string, facts?: object): void => {
    if (!enabled) return
    const time = new Date(now()).toISOString().slice(11, 23)
    write(`${time} ${scope} ${event}${facts === undefined ? '' : ` ${textOf(facts)}`}`)
  }
  return Object.assign(log, { enabled })
}

function environment(): Environment {
  return (globalThis as { process?: { env: Environment } }).process?.env ?? {}
}

function isNamed(scope: string, names: string | undefined): boolean {
  return (names ?? '').split(/[\s,]+/).some((name) => {
    return name.endsWith('*') ? scope.startsWith(name.slice(0, -1)) : name !== '' && name === scope
  })
}

function textOf(facts: object): string {
  try {
    return JSON.stringify(facts, (name, value: unknown) =>
      secret.test(name) ? '…' : typeof value === 'bigint' ? String(value) : value,
    )
  } catch (error) {
    return `(${(error as Error).message})`
  }
}

/** Logs the states and errors of a client, and what it has lost. Returns the function that ends it. */
export function logClient(client: WebSocketClient, log: DebugLogger): () => void {
  if (!log.enabled) return () => {}
  const quiet = client.onStateChange((state, { url, nextDelay, error }) =>
    log(state, {
      url,
      ...(nextDelay > 0 ? { nextDelay } : {}),
      ...(error === undefined ? {} : { code: error.code }),
    }),
  )
  const failed = ({ code, message }: { code: string; message: string }): void =>
    log('error', { code, message })
  const missed = (failure: object): void => log('resume_failed', failure)
  client.on('error', failed).on('resume_failed', missed)
  return () => {
    quiet()
    client.off('error', failed).off('resume_failed', missed)
  }
}
