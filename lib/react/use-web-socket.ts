// A connection in a component: its state, what came last, and the means to send.
import { useMemo, useState } from 'react'
import type { ClientSendOptions, ManagedClientOptions, RequestOptions, WebSocketClient } from '../index'
import type { ConnectionInfo } from '../client/client-status'
import type { ClientStateName } from '../client/engine'
import type {
  AnyProtocol,
  EnvelopeOf,
  PatternOf,
  ProtocolMap,
  ReplyOf,
  RequestOf,
  RequestType,
  SendType,
} from '../client/protocol-map'
import type { SubscribeSpec } from '../client/subscription-spec'
import type { HawserError } from '../core/error'
import { lent, noConnection } from './connection'
import { useConnection, useLatest, useStoreWith, useSurroundings } from './context'
import { type SocketHandlers, SocketStore } from './socket-store'
import type { SomeClient } from './use-messages'
import { useUrlConnection } from './websocket-provider'

/** Where a connection goes: URLs, a client of the program's own, or null: nowhere (yet). */
export type ConnectionTarget<P extends ProtocolMap = AnyProtocol> =
  string | URL | readonly (string | URL)[] | WebSocketClient<P> | null

export interface UseWebSocketOptions<P extends ProtocolMap = AnyProtocol> extends Omit<
  ManagedClientOptions,
  'url'
> {
  /** Connect when the component is there. Default true. */
  autoConnect?: boolean
  /**
   * Components that name the same URLs and options share a connection; functions among the options count as equal. A
   * name shares with whoever gives the same name and URLs; false shares with nobody. Default true.
   */
  share?: boolean | string
  /** Milliseconds that a connection stays when the last component has left it. Default 0: until the next turn. */
  linger?: number
  /** Which messages are kept: all, those of a subscription, or none (false). Default all. */
  messages?: false | Omit<SubscribeSpec<PatternOf<P>>, 'columns'>
  /** Messages in `messageHistory`. Default 100. */
  history?: number
  /** Called for each message, also for those that are never rendered. */
  onMessage?: (message: EnvelopeOf<P, '*'>) => void
  /** A text without a type, as of servers that do not send envelopes. */
  onText?: (text: string) => void
  onBinary?: (data: Uint8Array) => void
  onStateChange?: (state: ClientStateName, info: ConnectionInfo) => void
  onError?: (error: HawserError) => void
}

export interface UseWebSocketResult<P extends ProtocolMap = AnyProtocol> {
  state: ClientStateName
  isConnected: boolean
  /** What led to the state, while it is `reconnecting` or `failed`. */
  error: HawserError | undefined
  lastMessage: EnvelopeOf<P, '*'> | undefined
  /** The latest messages, oldest first. */
  messageHistory: readonly EnvelopeOf<P, '*'>[]
  /** Empties `lastMessage` and `messageHistory`. */
  clearHistory(): void
  /** As `client.send`. Before the component is there it throws `INVALID_STATE`. */
  sendMessage<T extends SendType<P>>(type: T, payload?: P['send'][T], options?: ClientSendOptions): boolean
  /** As `client.request`. */
  request<T extends RequestType<P>>(
    type: T,
    payload?: RequestOf<P, T>,
    options?: RequestOptions,
  ): Promise<ReplyOf<P, T>>
  connect(): Promise<void>
  disconnect(code?: number, reason?: string): Promise<void>
  reconnect(): Promise<void>
  /** The client itself; null on the server, and in the first rendering of a connection by URL. */
  client: WebSocketClient<P> | null
}

/**
 * A connection in a component.
 * @param target a URL (the connection is made for the components that name it, and closed behind the last), a client,
 *   null for none, or nothing for the provider's.
 * @throws HawserError `INVALID_STATE` without a target and a provider
 */
export function useWebSocket<P extends ProtocolMap = AnyProtocol>(
  target?: ConnectionTarget<P>,
  options: UseWebSocketOptions<P> = {},
): UseWebSocketResult<P> {
  const { autoConnect, share, linger, messages, history, onMessage, onText, onBinary, ...rest } = options
  const { onStateChange, onError, ...clientOptions } = rest
  const surroundings = useSurroundings()
  const isUrl =
    typeof target === 'string' || target instanceof URL || (Array.isArray(target) && target.length > 0)
  const byUrl = useUrlConnection(isUrl ? (target as string) : undefined, {
    options: clientOptions,
    autoConnect,
    share,
    linger,
  })
  const provided = useConnection('useWebSocket', target === undefined ? undefined : null)
  const given = target !== undefined && target !== null && !isUrl
  const lentOne = given ? lent(target as SomeClient, autoConnect ?? true) : noConnection
  const connection = isUrl ? byUrl : given ? lentOne : provided

  const handlers: SocketHandlers = {
    message: useLatest(onMessage as SocketHandlers['message']),
    text: useLatest(onText),
    binary: useLatest(onBinary),
    state: useLatest(onStateChange),
    error: useLatest(onError),
  }
  const [wants] = useState({ text: onText !== undefined, binary: onBinary !== undefined })
  const spec = JSON.stringify({ messages, history })
  const store = useMemo(
    () => new SocketStore(surroundings, connection, { messages, history, handlers, wants }),
    // `spec` is what `messages` and `history` say.
    [surroundings, connection, spec],
  )
  return useStoreWith(store) as unknown as UseWebSocketResult<P>
}
