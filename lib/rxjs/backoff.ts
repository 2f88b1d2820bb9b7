// When to try again: the delays of managed clients, for webSocket() and for RxJS's own `retry`.
import { type MonoTypeOperatorFunction, retry, throwError, timer } from 'rxjs'
import { nextDelay } from '../client/portable/reconnect-policy'
import { HawserRangeError } from '../core/error'
import { OptionReader } from '../core/validate'

/** How long to wait before each new attempt. */
export interface BackoffOptions {
  /** Milliseconds before the first new attempt. Default 1000. */
  minDelay?: number
  /** No delay is longer. Default 30000. */
  maxDelay?: number
  /** Each delay is so many times the one before. Default 2. */
  factor?: number
  /** The share of a delay that is random, 0 to 1: keeps many programs from coming back at once. Default 0.5. */
  jitter?: number
  /** Attempts that may fail in a row, the first included. 0: no limit. Default 0. */
  maxAttempts?: number
  /** Numbers from 0 to 1, for tests that repeat. Default `Math.random`. */
  random?: () => number
}

export interface RetryOptions extends BackoffOptions {
  /**
   * Whether an error is worth another attempt. Default: unless the error, or the `error` of an error event, says
   * `recoverable: false`.
   */
  retryIf?: (error: unknown) => boolean
}

export interface CheckedBackoff {
  minDelay: number
  maxDelay: number
  factor: number
  jitter: number
  maxAttempts: number
  random: () => number
}

export const backoffNames = ['minDelay', 'maxDelay', 'factor', 'jitter', 'maxAttempts', 'random'] as const

/** Throws INVALID_OPTION. */
export function readBackoff(reader: OptionReader, prefix = ''): CheckedBackoff {
  const minDelay = reader.number('minDelay', 'reconnect.minDelay')
  const usual = Math.max(30_000, minDelay)
  const maxDelay = reader.has('maxDelay') ? reader.number('maxDelay', 'reconnect.maxDelay') : usual
  if (maxDelay < minDelay) {
    throw new HawserRangeError(
      'INVALID_OPTION',
      `Option \`${prefix}maxDelay\` (${maxDelay}) must not be below \`${prefix}minDelay\` (${minDelay})`,
    )
  }
  return {
    minDelay,
    maxDelay,
    factor: reader.fraction('factor', 2, 1, 100),
    jitter: reader.fraction('jitter', 0.5, 0, 1),
    maxAttempts: reader.number('maxAttempts', 'reconnect.maxAttempts'),
    random: reader.func<() => number>('random') ?? Math.random,
  }
}

/** Milliseconds before attempt n + 1, when n attempts in a row have failed. */
export function delayAfter(failed: number, backoff: CheckedBackoff): number {
  return nextDelay(backoff, failed, backoff.random())
}

/** Whether an error says that the same attempt cannot succeed later. */
export function isFinal(error: unknown): boolean {
  const { recoverable, error: inner } = (error ?? {}) as { recoverable?: unknown; error?: unknown }
  if (recoverable !== undefined) return recoverable === false
  return (inner as { recoverable?: unknown } | null | undefined)?.recoverable === false
}

/**
 * Subscribes again after an error, each time a little later: `retry` with the delays of a managed client. The count
 * starts anew with each value. When it gives up, the last error goes on.
 *
 * @example
 * feed$.pipe(retryBackoff({ minDelay: 200, maxAttempts: 10 }))
 * @throws TypeError, RangeError `INVALID_OPTION`
 */
export function retryBackoff<T>(options?: RetryOptions): MonoTypeOperatorFunction<T> {
  const reader = new OptionReader('`retryBackoff`', options, [...backoffNames, 'retryIf'])
  const backoff = readBackoff(reader)
  const worthIt = reader.func<(error: unknown) => boolean>('retryIf') ?? ((error: unknown) => !isFinal(error))
  return retry({
    delay: (error: unknown, failed) => {
      const spent = backoff.maxAttempts > 0 && failed >= backoff.maxAttempts
      return spent || !worthIt(error) ? throwError(() => error) : timer(delayAfter(failed, backoff))
    },
    resetOnSuccess: true,
  })
}
