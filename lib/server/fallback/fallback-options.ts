// The option `fallback` of a hub, checked.
import { OptionReader, badOption } from '../../core/validate'

/** How peers that cannot have a WebSocket are served by HTTP. */
export interface FallbackOptions {
  /** Sessions at once. One more is answered 503. Default 1000. */
  maxSessions?: number
  /** Bytes of one post: no message of a session is longer. Default 1 MiB. */
  maxBody?: number
  /** Milliseconds between two pings of a session; a poll waits as long. Default 15000. */
  interval?: number
  /** Milliseconds that a session outlives its way down, or a ping without an answer. Default 15000. */
  grace?: number
}
export type CheckedFallback = Required<FallbackOptions>

/** undefined: none. Throws INVALID_OPTION. */
export function readFallback(given: unknown): CheckedFallback | undefined {
  if (given === undefined || given === false) return undefined
  if (given !== true && (given === null || typeof given !== 'object')) {
    badOption('fallback', 'true, false or an object', given)
  }
  const known = ['maxSessions', 'maxBody', 'interval', 'grace']
  const reader = new OptionReader('`fallback`', given === true ? {} : given, known, 'fallback.')
  return {
    maxSessions: reader.number('maxSessions'),
    maxBody: reader.number('maxBody'),
    interval: reader.number('interval'),
    grace: reader.number('grace'),
  }
}
