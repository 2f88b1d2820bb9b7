// When a client tries again, and when it gives up: the rules of src/core/client/reconnect_policy.hpp, as far as a
// platform's WebSocket lets one see how an attempt ended. Pure; random numbers come in.
import type { ErrorCode } from '../../core/error-table'
import type { EndpointFigures } from '../engine'
import type { CheckedReconnect } from '../shared-options'

/** Times in milliseconds. */
export type ReconnectPolicy = CheckedReconnect

/** How an attempt, or a link, ended. */
export interface Outcome {
  error?: ErrorCode | undefined
  /** What the close event said; 1006 where there was no close frame. Only of links. */
  closeCode?: number
  reason?: string
  detail?: string
  /** The server refused the token in words of its own. */
  authRejected?: boolean
  /** The platform will refuse the next attempt too. */
  hopeless?: boolean
  /** Another endpoint can be tried: "try again later" does not bind it. */
  alternative?: boolean
}

export type Verdict = 'recover' | 'refresh' | 'final'

const tryAgainDelay = 5_000

/** So many milliseconds at least have to pass before the next attempt. */
export function pauseAfter({ closeCode, alternative }: Outcome): number {
  return closeCode === 1013 && alternative !== true ? tryAgainDelay : 0
}

/** What the end means. */
export function judge(
  policy: ReconnectPolicy,
  { error, closeCode, authRejected, hopeless }: Outcome,
): Verdict {
  if (authRejected === true) return 'refresh'
  if (hopeless === true) return 'final'
  // A dial that failed has no close code.
  if (closeCode === undefined) return 'recover'
  // What we found ourselves says more than the code that came of it.
  const code = error === undefined ? closeCode : error === 'MESSAGE_TOO_BIG' ? 1009 : 1006
  if (policy.finalCodes.includes(code)) return 'final'
  if (policy.recoverableCodes.includes(code)) return 'recover'
  if ([3000, 3003, 4401, 4403].includes(code)) return 'refresh'
  return [1001, 1005, 1006, 1011, 1012, 1013, 1014].includes(code) ? 'recover' : 'final'
}

/** The delay before attempt 1, 2, 3 …, of which the share `jitter` is random; `random` from 0 to 1. */
export function nextDelay(
  policy: Pick<ReconnectPolicy, 'minDelay' | 'maxDelay' | 'factor' | 'jitter'>,
  attempt: number,
  random: number,
  notBefore = 0,
): number {
  const { minDelay, maxDelay, factor, jitter } = policy
  const full = Math.min(maxDelay, minDelay * factor ** Math.max(0, attempt - 1))
  const scattered = random * full * jitter
  const delay = Math.floor(full * (1 - jitter) + scattered)
  // Clients that were sent away together do not come back together.
  return notBefore > 0 ? Math.max(delay, Math.floor(notBefore + scattered)) : delay
}

/** The policy for an endpoint with that record: sooner and more often where it nearly always opens. */
export function adapted(
  policy: ReconnectPolicy,
  { opened, failed, successRate, latency }: EndpointFigures,
): ReconnectPolicy {
  if (opened + failed < 8) return policy
  const { minDelay, maxDelay, maxAttempts } = policy
  const least = Math.max(Math.min(100, minDelay), 2 * Math.floor(latency))
  const scaled = Math.floor(minDelay * 4 ** (1 - 2 * successRate))
  return {
    ...policy,
    minDelay: Math.min(Math.max(scaled, least), maxDelay),
    maxAttempts: Math.ceil(maxAttempts * (0.5 + successRate)),
  }
}
