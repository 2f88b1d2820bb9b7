// Gives a connection to all components below.
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import type { ManagedClientOptions, WebSocketClient } from '../index'
import type { AnyProtocol, ProtocolMap } from '../client/protocol-map'
import { type Clock, systemClock } from './clock'
import { type Connection, UrlConnection, connectionKey, lent, noConnection } from './connection'
import { ConnectionContext } from './context'
import { badState } from './engine'
import { type FrameSource, pageFrames } from './frames'

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

/** A connection by URLs: the same object until they change. */
export function useUrlConnection(
  url: string | URL | readonly (string | URL)[] | undefined,
  given: {
    options?: Omit<ManagedClientOptions, 'url'> | undefined
    autoConnect?: boolean | undefined
    share?: boolean | string | undefined
    linger?: number | undefined
  },
): Connection {
  const [{ options = {}, autoConnect = true, share = true, linger = 0 }] = useState(given)
  const urls = url === undefined ? [] : typeof url === 'string' || url instanceof URL ? [url] : url
  const key = connectionKey(urls, options, true) as string
  return useMemo(() => {
    if (urls.length === 0) return noConnection
    const how = { autoConnect, linger, options: { ...options, url: [...urls] } }
    return new UrlConnection(connectionKey(urls, options, share), how)
    // The key says all of it.
  }, [key])
}

/** @example <WebSocketProvider url="wss://feed.example"><App /></WebSocketProvider> */
export function WebSocketProvider<P extends ProtocolMap = AnyProtocol>({
  client,
  url,
  options,
  autoConnect = true,
  share,
  linger,
  frames = pageFrames,
  clock = systemClock,
  children,
}: WebSocketProviderProps<P>): ReactNode {
  if (client === undefined && url === undefined) {
    badState('<WebSocketProvider> needs `client` or `url`')
  }
  const byUrl = useUrlConnection(client === undefined ? url : undefined, {
    options,
    autoConnect,
    share,
    linger,
  })
  const connection =
    client === undefined ? byUrl : client === null ? noConnection : lent(client as never, autoConnect)
  const value = useMemo(() => ({ connection, frames, clock }), [connection, frames, clock])
  useEffect(() => {
    const lease = connection.acquire(clock)
    return () => lease?.release()
  }, [connection, clock])
  return <ConnectionContext.Provider value={value}>{children}</ConnectionContext.Provider>
}
