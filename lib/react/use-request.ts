// A request and what became of it, in a component.
import { useEffect, useMemo } from 'react'
import type { RequestOptions } from '../index'
import type { AnyProtocol, ProtocolMap, ReplyOf, RequestOf, RequestType } from '../client/protocol-map'
import { useConnection, useLatest, useStoreWith, useSurroundings } from './context'
import { RequestStore } from './request-store'
import type { ClientOption, SomeClient } from './use-messages'

export interface UseRequestOptions<P extends ProtocolMap, T extends RequestType<P>>
  extends Omit<RequestOptions, 'signal'>, ClientOption<P> {
  /** Ask when the component is there, and again when `payload` changes. Default false: only `request()` asks. */
  immediate?: boolean
  /** What `immediate` asks, and `request()` without an argument; compared as JSON. */
  payload?: RequestOf<P, T>
  onSuccess?: (reply: ReplyOf<P, T>) => void
  onError?: (error: Error) => void
}

export type RequestStatus = 'idle' | 'pending' | 'success' | 'error'

export interface UseRequestResult<P extends ProtocolMap, T extends RequestType<P>> {
  status: RequestStatus
  isPending: boolean
  /** The latest reply; it stays while the next one is awaited. */
  data: ReplyOf<P, T> | undefined
  /** A HawserError with a code, of the latest request. */
  error: Error | undefined
  /**
   * Asks; a request that is under way is given up. The promise need not be awaited: what goes wrong is in `error`.
   * It rejects with `ABORTED` when the component goes or asks anew.
   */
  request(payload?: RequestOf<P, T>): Promise<ReplyOf<P, T>>
  /** Gives up what is under way: as before the request. */
  cancel(): void
  /** The same, and forgets the reply. */
  reset(): void
}

/** @example const { data, isPending, request } = useRequest<Feed, 'history'>('history') */
export function useRequest<P extends ProtocolMap = AnyProtocol, T extends RequestType<P> = RequestType<P>>(
  type: T,
  options: UseRequestOptions<P, T> = {},
): UseRequestResult<P, T> {
  const { client, immediate = false, payload, timeout, room, priority, onSuccess, onError } = options
  const surroundings = useSurroundings()
  const connection = useConnection('useRequest', client as SomeClient | null | undefined)
  const success = useLatest(onSuccess as ((reply: unknown) => void) | undefined)
  const failure = useLatest(onError)
  const store = useMemo(
    () =>
      new RequestStore(surroundings, connection, type, {
        options: {
          ...(timeout !== undefined && { timeout }),
          ...(room !== undefined && { room }),
          ...(priority !== undefined && { priority }),
        },
        success,
        failure,
      }),
    [surroundings, connection, type, timeout, room, priority, success, failure],
  )
  const asked = JSON.stringify(payload)
  // What `request()` and `immediate` ask is that of the latest rendering.
  useEffect(() => store.prepare(payload, immediate), [store, asked, immediate])
  return useStoreWith(store) as unknown as UseRequestResult<P, T>
}
