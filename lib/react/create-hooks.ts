// The hooks, typed by a program's own protocol map.
import type { AnyProtocol, EnvelopeOf, PatternOf, ProtocolMap, RequestType } from '../client/protocol-map'
import type { WebSocketClient } from '../index'
import { useClient } from './use-client'
import { type UseMessagesOptions, type UseMessagesResult, useMessages } from './use-messages'
import { type UseRequestOptions, type UseRequestResult, useRequest } from './use-request'
import {
  type ConnectionTarget,
  type UseWebSocketOptions,
  type UseWebSocketResult,
  useWebSocket,
} from './use-web-socket'

/** The hooks that know the types of a program's messages. */
export interface TypedHooks<P extends ProtocolMap> {
  useWebSocket(target?: ConnectionTarget<P>, options?: UseWebSocketOptions<P>): UseWebSocketResult<P>
  useMessages<T extends PatternOf<P>>(
    options: T | UseMessagesOptions<P, T>,
  ): UseMessagesResult<EnvelopeOf<P, T>>
  useRequest<T extends RequestType<P>>(type: T, options?: UseRequestOptions<P, T>): UseRequestResult<P, T>
  useClient(): WebSocketClient<P> | null
}

/**
 * The same hooks, typed by a protocol map.
 *
 * @example export const { useMessages, useRequest, useWebSocket } = createHooks<Feed>()
 */
export function createHooks<P extends ProtocolMap = AnyProtocol>(): TypedHooks<P> {
  return { useWebSocket, useMessages, useRequest, useClient }
}
