// How what was sent ends badly: the errors that say so.
import { HawserError } from '../core/error'
import type { ErrorCode } from '../core/error-table'
import type { Settlement } from './engine'

/** What a program waits for. */
export type Kind = 'message' | 'request' | 'room'

/** Of those whose code is no other way to write them. */
const codes: Partial<Record<Settlement, ErrorCode>> = { cancelled: 'ABORTED', closed: 'CONNECTION_CLOSED' }
const words: Partial<Record<Settlement, string>> = {
  timeout: 'was not answered in time',
  cancelled: 'was taken back',
  connection_lost: 'was sent, but the connection was lost before the answer',
  closed: 'was given up: the client has ended',
}

/** Why a message did not make it. */
export function settlementError(what: string, how: Exclude<Settlement, 'done'>): HawserError {
  const code = codes[how] ?? (how.toUpperCase() as ErrorCode)
  return new HawserError(code, words[how] && `${what} ${words[how]}`)
}

export function nameOf(kind: Kind, type: string): string {
  return `The ${kind} '${type}'`
}

export function aborted(what: string, signal: AbortSignal): HawserError {
  return new HawserError('ABORTED', `${what} was given up: its \`signal\` was aborted`, {
    cause: signal.reason as unknown,
  })
}
