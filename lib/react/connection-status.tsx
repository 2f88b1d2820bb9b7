// How the connection stands, for people: read out politely, and with a button where one can help.
import type { ReactNode } from 'react'
import type { ClientStateName } from '../client/engine'
import type { UseConnectionStatusOptions } from './use-connection-status'

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

export function ConnectionStatus(props: ConnectionStatusProps): ReactNode {
  throw new Error(`not there yet ${String(props)}`)
}
