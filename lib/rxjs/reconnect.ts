// Which ends of a connection are worth another attempt: the rules of managed clients, see docs/client.md.
import { HawserTypeError } from '../core/error'
import { OptionReader, badOption } from '../core/validate'
import { type BackoffOptions, type CheckedBackoff, backoffNames, isFinal, readBackoff } from './backoff'
import type { SocketClose } from './socket-like'

/** The option `reconnect` of `webSocket()`. */
export interface SocketReconnectOptions extends BackoffOptions {
  /** Milliseconds that a connection has to live to start the count of attempts anew. Default 5000. */
  minUptime?: number
  /** Close codes after which it connects again although it would not. */
  recoverableCodes?: readonly number[]
  /** Close codes after which it does not although it would. */
  finalCodes?: readonly number[]
}

export interface CheckedReconnect extends CheckedBackoff {
  minUptime: number
  recoverableCodes: readonly number[]
  finalCodes: readonly number[]
}

/** After "try again later" (1013) no attempt comes sooner. */
const later = 5_000
const going = [1001, 1005, 1006, 1011, 1012, 1013, 1014]

export type Verdict = { readonly notBefore: number } | 'complete' | 'error'

/** What follows when a connection ended by itself; `failure` is the error event before the close, if there was one. */
export function judge(rules: CheckedReconnect, event: SocketClose, failure: unknown): Verdict {
  // Some test doubles give no code.
  const code = (event.code as number | undefined) ?? 1006
  if (rules.finalCodes.includes(code)) return code === 1000 ? 'complete' : 'error'
  if (!rules.recoverableCodes.includes(code)) {
    if (code === 1000) return 'complete'
    if (!going.includes(code) || (code === 1006 && isFinal(failure))) return 'error'
  }
  return { notBefore: code === 1013 ? later : 0 }
}

/** Throws INVALID_OPTION; undefined: it does not reconnect. */
export function readReconnect(value: unknown): CheckedReconnect | undefined {
  if (value === undefined || value === false) return undefined
  if (value !== true && (value === null || typeof value !== 'object')) {
    badOption('reconnect', 'true, false or an object', value)
  }
  const names = [...backoffNames, 'minUptime', 'recoverableCodes', 'finalCodes']
  const reader = new OptionReader('`reconnect`', value === true ? {} : value, names, 'reconnect.')
  return {
    ...readBackoff(reader, 'reconnect.'),
    minUptime: reader.number('minUptime'),
    recoverableCodes: readCodes('recoverableCodes', reader),
    finalCodes: readCodes('finalCodes', reader),
  }
}

function readCodes(name: string, reader: OptionReader): readonly number[] {
  const value = reader.raw(name)
  if (value === undefined) return []
  const wrong = (code: unknown): boolean =>
    !Number.isInteger(code) || Number(code) < 1000 || Number(code) > 4999
  if (!Array.isArray(value) || value.some(wrong)) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`reconnect.${name}\` must be an array of close codes, 1000 to 4999`,
    )
  }
  return [...(value as number[])]
}
