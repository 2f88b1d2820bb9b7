// The streams of a client as functions: `messagesOfType(client, 'tick')` is `fromClient(client).messagesOfType('tick')`.
import type { Observable } from 'rxjs'
import type { ClientStateName } from '../client/engine'
import type {
  EnvelopeOf,
  PatternOf,
  ProtocolMap,
  ReplyOf,
  RequestOf,
  RequestType,
} from '../client/protocol-map'
import type { BatchOptions } from '../client/subscription-spec'
import type { RequestOptions, WebSocketClient } from '../index'
import { type StreamOptions, fromClient } from './from-client'
import type { RoutedObservable } from './routed-observable'

/** See `ReactiveClient.messages$`. */
export function messages$<P extends ProtocolMap>(
  client: WebSocketClient<P>,
): RoutedObservable<EnvelopeOf<P, '*'>> {
  return fromClient(client).messages$
}

/** See `ReactiveClient.messagesOfType`. */
export function messagesOfType<P extends ProtocolMap, T extends PatternOf<P>>(
  client: WebSocketClient<P>,
  type: T,
  options?: StreamOptions,
): RoutedObservable<EnvelopeOf<P, T>> {
  return fromClient(client).messagesOfType(type, options)
}

/** See `ReactiveClient.batchedMessages$`. */
export function batchedMessages$<P extends ProtocolMap, T extends PatternOf<P> = '*'>(
  client: WebSocketClient<P>,
  type?: T,
  options?: StreamOptions & BatchOptions,
): Observable<EnvelopeOf<P, T>[]> {
  return fromClient(client).batchedMessages$(type, options)
}

/** See `ReactiveClient.connectionState$`. */
export function connectionState$<P extends ProtocolMap>(
  client: WebSocketClient<P>,
): Observable<ClientStateName> {
  return fromClient(client).connectionState$
}

/** See `ReactiveClient.isConnected$`. */
export function isConnected$<P extends ProtocolMap>(client: WebSocketClient<P>): Observable<boolean> {
  return fromClient(client).isConnected$
}

/** See `ReactiveClient.request$`. */
export function request$<P extends ProtocolMap, T extends RequestType<P>>(
  client: WebSocketClient<P>,
  type: T,
  payload?: RequestOf<P, T>,
  options?: Omit<RequestOptions, 'signal'>,
): Observable<ReplyOf<P, T>> {
  return fromClient(client).request$(type, payload, options)
}
