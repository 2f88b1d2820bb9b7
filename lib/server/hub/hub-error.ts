// Errors that peers are told of: a code, words, and nothing of the program's insides.

/** What goes over the wire as `error` of an envelope. */
export interface WireError {
  code: string
  message: string
  /** Milliseconds after which it may be tried again. */
  retryAfter?: number
  details?: unknown
}

/**
 * Throw it in a handler or a middleware to answer a message with this code. Whatever else is thrown there is answered
 * with `SERVER_ERROR` and without its words.
 *
 * @example
 * hub.handle('order', (order) => { throw new HubError('OUT_OF_STOCK', 'None left', { retryAfter: 60_000 }) })
 */
export class HubError extends Error {
  /** Stable name of what went wrong: the codes of docs/protocol.md, or one of the program's own. */
  readonly code: string
  readonly retryAfter: number | undefined
  /** Any JSON; goes to the peer. */
  readonly details: unknown

  constructor(code: string, message = code, more: { retryAfter?: number; details?: unknown } = {}) {
    super(message)
    this.code = code
    this.retryAfter = more.retryAfter
    this.details = more.details
  }
}
Object.defineProperty(HubError.prototype, 'name', { value: 'HubError', writable: true, configurable: true })

/** What a peer is told of something that was thrown. */
export function wireError(thrown: unknown): WireError {
  if (!(thrown instanceof HubError)) {
    return { code: 'SERVER_ERROR', message: 'The message could not be handled' }
  }
  const told: WireError = { code: thrown.code, message: thrown.message }
  if (thrown.retryAfter !== undefined) told.retryAfter = thrown.retryAfter
  if (thrown.details !== undefined) told.details = thrown.details
  return told
}
