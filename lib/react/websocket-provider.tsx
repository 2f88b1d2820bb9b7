// Gives a connection to all components below.
import type { ReactNode } from 'react'
import type { ManagedClientOptions, WebSocketClient } from '../index'
import type { AnyProtocol, ProtocolMap } from '../client/protocol-map'
import type { Clock } from './clock'
import type { FrameSource } from './frames'

export interface WebSocketProviderProps<P extends ProtocolMap = AnyProtocol> {
  /** A client of the program's own. It is connected if it is `idle`, and never closed. */
  client?: WebSocketClient<P> | null
  /** Instead of `client`: where to connect while the provider is there. */
  url?: string | URL | readonly (string | URL)[]
  /** Options of the client that is made for `url`; those of the first rendering count. */
  options?: Omit<ManagedClientOptions, 'url'>
  /** Connect when the provider is there. Default true. */
  autoConnect?: boolean
  /** As of `useWebSocket`. */
  share?: boolean | string
  /** As of `useWebSocket`. */
  linger?: number
  /** When components hear of news. Default: frames of the page, at most one update each. */
  frames?: FrameSource
  /** Time of typing indicators, reminders and the like. Default: the system's. */
  clock?: Clock
  children?: ReactNode
}

/** @example <WebSocketProvider url="wss://feed.example"><App /></WebSocketProvider> */
export function WebSocketProvider<P extends ProtocolMap = AnyProtocol>(
  props: WebSocketProviderProps<P>,
): ReactNode {
  throw new Error(`not there yet ${String(props)}`)
}
