// The latest messages of a subscription in a component.
import { useMemo, useState } from 'react'
import type { WebSocketClient } from '../index'
import type { AnyProtocol, EnvelopeOf, PatternOf, ProtocolMap } from '../client/protocol-map'
import type { SubscribeSpec } from '../client/subscription-spec'
import { noConnection } from './connection'
import { useConnection, useLatest, useStoreWith, useSurroundings } from './context'
import { MessageStore } from './message-store'

/** Every hook below a provider takes it. */
export interface ClientOption<P extends ProtocolMap = AnyProtocol> {
  /** Default: the provider's. Null: none yet. */
  client?: WebSocketClient<P> | null
}

/** A client of whatever protocol. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what it speaks beside is of no interest
export type SomeClient = WebSocketClient<any>
/** The same for hooks that have messages of their own. */
export interface SomeClientOption {
  /** Default: the provider's. Null: none yet. */
  client?: SomeClient | null
}

/**
 * `where`, `sample`, `conflate` and `batch` are those of `client.subscribe`: decided off the event loop in Node, in front
 * of everything else in pages.
 */
export interface UseMessagesOptions<P extends ProtocolMap, T extends PatternOf<P>>
  extends Omit<SubscribeSpec<T>, 'columns'>, ClientOption<P> {
  /** So many of the latest messages are kept. Default 100. */
  limit?: number
  /** JSON pointer: of each key only the latest message is kept, in the order in which the keys came. */
  latestBy?: string
  /** A room to be in while the component is there. */
  room?: string
  /** So many of the latest messages that the room keeps come first. Default 0. */
  last?: number
  /** Called for each message, also for those that are never rendered. */
  onMessage?: (message: EnvelopeOf<P, T>) => void
  /** False: no subscription. Default true. */
  enabled?: boolean
}

export interface UseMessagesResult<M> {
  /** Oldest first. */
  messages: readonly M[]
  latest: M | undefined
  /** All that came since the component is there, also those that are not kept. */
  count: number
  clear(): void
}

/** @example const { messages } = useMessages({ type: 'tick', where: { '/payload/symbol': 'A' }, limit: 50 }) */
export function useMessages<P extends ProtocolMap = AnyProtocol, T extends PatternOf<P> = PatternOf<P>>(
  options: T | UseMessagesOptions<P, T>,
): UseMessagesResult<EnvelopeOf<P, T>> {
  const given: UseMessagesOptions<P, T> = typeof options === 'string' ? { type: options } : options
  const { client, onMessage, enabled = true, ...rest } = given
  const surroundings = useSurroundings()
  const own = useConnection('useMessages', client as SomeClient | null | undefined)
  const connection = enabled ? own : noConnection
  const handler = useLatest(onMessage as ((message: unknown) => void) | undefined)
  const [heard] = useState(onMessage !== undefined)
  const what = JSON.stringify(rest)
  const store = useMemo(
    () => new MessageStore(surroundings, connection, rest as never, handler, heard),
    // `what` is what `rest` says.
    [surroundings, connection, what, handler, heard],
  )
  return useStoreWith(store) as unknown as UseMessagesResult<EnvelopeOf<P, T>>
}
