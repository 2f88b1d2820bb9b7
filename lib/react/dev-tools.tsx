// A panel for developers: connections, messages, figures, controls, test messages.
import type { ReactNode } from 'react'
import type { Clock } from './clock'
import type { FrameSource } from './frames'
import type { SomeClient } from './use-messages'

export interface DevToolsProps {
  /** Clients beside those that hooks and providers have. */
  clients?: readonly SomeClient[]
  /** Open at first. Default false: a button opens it. */
  defaultOpen?: boolean
  /** Messages that are kept. Default 200. */
  limit?: number
  /** More class names beside `hawser-devtools`. */
  className?: string
  frames?: FrameSource
  clock?: Clock
}

export function DevTools(props: DevToolsProps): ReactNode {
  return props.clients === null ? 'x' : null
}
