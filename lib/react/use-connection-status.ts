// How a connection stands, for people.
import { useMemo } from 'react'
import type { ClientStateName } from '../client/engine'
import type { HawserError } from '../core/error'
import { useConnection, useStoreWith, useSurroundings } from './context'
import { StatusStore } from './status-store'
import type { SomeClientOption } from './use-messages'

export interface ConnectionStatusInfo {
  state: ClientStateName
  isConnected: boolean
  url: string
  /** Attempts in a row since the last connection that held. */
  attempt: number
  /** When the next attempt is due, in milliseconds since the epoch; undefined while none waits. */
  nextRetryAt: number | undefined
  lastConnected: Date | undefined
  /** What led to the state, while it is `reconnecting` or `failed`. */
  error: HawserError | undefined
  /** Messages that wait to be sent. */
  queueDepth: number
  queuedBytes: number
  /** Milliseconds that the last ping or heartbeat took; undefined while unknown. */
  latency: number | undefined
  /** 0 to 100. */
  health: number
}

export interface UseConnectionStatusOptions extends SomeClientOption {
  /** Milliseconds between two looks at queue, latency and health; 0: never. Default 500. */
  poll?: number
}

export interface UseConnectionStatusResult extends ConnectionStatusInfo {
  connect(): Promise<void>
  disconnect(code?: number, reason?: string): Promise<void>
  /** Tries at once. */
  reconnect(): Promise<void>
}

/** @example const { state, attempt, queueDepth } = useConnectionStatus() */
export function useConnectionStatus(options: UseConnectionStatusOptions = {}): UseConnectionStatusResult {
  const { client, poll = 500 } = options
  const surroundings = useSurroundings()
  const connection = useConnection('useConnectionStatus', client)
  const store = useMemo(
    () => new StatusStore(surroundings, connection, poll),
    [surroundings, connection, poll],
  )
  return useStoreWith(store)
}
