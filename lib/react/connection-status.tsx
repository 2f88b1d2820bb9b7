// How the connection stands, for people: read out politely, and with a button where one can help.
import { type ReactNode, useEffect, useState } from 'react'
import type { ClientStateName } from '../client/engine'
import { useSurroundings } from './context'
import {
  type ConnectionStatusInfo,
  type UseConnectionStatusOptions,
  useConnectionStatus,
} from './use-connection-status'

export interface ConnectionStatusLabels extends Record<ClientStateName, string> {
  /** `{n}`: the number of the attempt. */
  attempt: string
  /** `{s}`: seconds. */
  nextRetry: string
  /** `{n}`: messages. */
  queued: string
  retry: string
}

export interface ConnectionStatusProps extends UseConnectionStatusOptions {
  /** Words in another language. */
  labels?: Partial<ConnectionStatusLabels>
  /** Only a dot and one word; the rest is its title. Default false. */
  compact?: boolean
  /** More class names beside `hawser-status`. */
  className?: string
}

const english: ConnectionStatusLabels = {
  idle: 'Not connected',
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  disconnecting: 'Disconnecting',
  disconnected: 'Disconnected',
  failed: 'Connection failed',
  attempt: 'attempt {n}',
  nextRetry: 'next try in {s} s',
  queued: 'waiting to be sent: {n}',
  retry: 'Try now',
}

/** Whole seconds until then, while it lies ahead. */
function useCountdown(until: number | undefined): number | undefined {
  const { clock } = useSurroundings()
  const [now, setNow] = useState(() => clock.now())
  useEffect(() => {
    if (until === undefined) return undefined
    let cancel = (): void => undefined
    const look = (): void => {
      const left = until - clock.now()
      setNow(clock.now())
      // At the turn of the second.
      if (left > 0) cancel = clock.after((left % 1000) + 1, look)
    }
    look()
    return () => cancel()
  }, [until, clock])
  return until === undefined || until <= now ? undefined : Math.ceil((until - now) / 1000)
}

/** What stands beside the state, each by itself. */
function details(
  { state, attempt, queueDepth, error }: ConnectionStatusInfo,
  seconds: number | undefined,
  words: ConnectionStatusLabels,
): { name: string; text: string; quiet: boolean }[] {
  const troubled = state === 'reconnecting' || state === 'failed'
  const list = []
  if (state === 'reconnecting' && attempt > 0) {
    list.push({ name: 'attempt', text: words.attempt.replace('{n}', String(attempt)), quiet: false })
  }
  // Read out each second it would be a nuisance.
  if (seconds !== undefined) {
    list.push({ name: 'next', text: words.nextRetry.replace('{s}', String(seconds)), quiet: true })
  }
  if (queueDepth > 0 && state !== 'connected') {
    list.push({ name: 'queue', text: words.queued.replace('{n}', String(queueDepth)), quiet: true })
  }
  if (troubled && error !== undefined) list.push({ name: 'error', text: error.message, quiet: false })
  return list
}

/**
 * The state of the connection, the attempt, when the next one is, what waits to be sent, and what went wrong.
 *
 * @example <ConnectionStatus />
 */
export function ConnectionStatus({
  labels,
  compact = false,
  className = '',
  ...options
}: ConnectionStatusProps): ReactNode {
  const status = useConnectionStatus(options)
  const { state, nextRetryAt, reconnect } = status
  const words = { ...english, ...labels }
  const seconds = useCountdown(nextRetryAt)
  const beside = details(status, seconds, words)
  const helps = state === 'reconnecting' || state === 'failed' || state === 'disconnected'
  return (
    <div
      className={`hawser-status ${className}`.trim()}
      data-state={state}
      data-compact={compact ? '' : undefined}
      title={compact ? beside.map(({ text }) => text).join(', ') || undefined : undefined}
    >
      <span className="hawser-status-dot" aria-hidden="true" />
      <span role="status" aria-live="polite" className="hawser-status-text">
        <span className="hawser-status-state">{words[state]}</span>
        {!compact &&
          beside
            .filter(({ quiet }) => !quiet)
            .map(({ name, text }) => (
              <span key={name} className={`hawser-status-${name}`}>
                {text}
              </span>
            ))}
      </span>
      {!compact &&
        beside
          .filter(({ quiet }) => quiet)
          .map(({ name, text }) => (
            <span key={name} className={`hawser-status-${name}`}>
              {text}
            </span>
          ))}
      {helps && !compact && (
        <button type="button" className="hawser-status-retry" onClick={() => void reconnect()}>
          {words.retry}
        </button>
      )}
    </div>
  )
}
