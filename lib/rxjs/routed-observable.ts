// Messages of a client by their type. The operators of operators.ts change the subscription instead of what comes of it,
// so that what they leave out never reaches JavaScript.
import { Observable } from 'rxjs'
import type { ColumnBatch } from '../client/message-router'
import { type SubscribeSpec, readSpec } from '../client/subscription-spec'
import type { WebSocketClient } from '../client/websocket-client'
import { HawserTypeError } from '../core/error'
import type { ClientSource } from './client-source'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any protocol
type AnySource = ClientSource<any>
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
type AnyClient = WebSocketClient<any>

/** A stream that the core still filters and shapes. Operators of RxJS make an ordinary Observable of it. */
export class RoutedObservable<T> extends Observable<T> {
  /** @internal */ readonly _source: AnySource
  /** @internal */ readonly _spec: SubscribeSpec

  /** @internal */
  constructor(from: AnySource, spec: SubscribeSpec) {
    // Told now rather than at the subscription.
    readSpec(spec)
    super((subscriber) => {
      const { client, release } = from.acquire()
      const subscription = subscribe(client, spec, (value) => subscriber.next(value as T))
      const unwatch = client.onStateChange((state, { error }) => {
        if (state === 'failed') subscriber.error(error)
        else if (state === 'disconnected') subscriber.complete()
      })
      return () => {
        unwatch()
        subscription.unsubscribe()
        release()
      }
    })
    this._source = from
    this._spec = spec
  }
}

function subscribe(
  client: AnyClient,
  spec: SubscribeSpec,
  handler: (value: unknown) => void,
): { unsubscribe(): void } {
  if (spec.columns === undefined) return client.subscribe(spec as never, handler)
  // The arrays are the handler's only while it runs, and streams keep what they get.
  return client.subscribe(spec as never, (batch: ColumnBatch) => handler(copied(batch)))
}

function copied(batch: ColumnBatch): ColumnBatch {
  const copy = Object.create(null) as Record<string, unknown>
  for (const name of Object.keys(batch)) copy[name] = batch[name].slice()
  Object.defineProperty(copy, 'rows', { value: batch.rows })
  Object.defineProperty(copy, 'missing', { value: batch.missing })
  return copy as ColumnBatch
}

/** What the core does to messages, in this order. */
const stages = ['where', 'sample', 'conflate', 'batch', 'columns'] as const
export type Stage = (typeof stages)[number]

/**
 * The stream with another subscription.
 * @throws TypeError `INVALID_ARGUMENT` when something stands between it and the client, or it comes too late.
 */
export function refine<R>(
  operator: string,
  stage: Stage,
  source: Observable<unknown>,
  change: (spec: SubscribeSpec) => SubscribeSpec,
): RoutedObservable<R> {
  if (!(source instanceof RoutedObservable)) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`${operator}\` is done by the core: put it right behind messages$ or messagesOfType(), before operators of RxJS`,
    )
  }
  const { _source, _spec } = source as RoutedObservable<unknown>
  const after = stages.slice(stages.indexOf(stage) + (stage === 'where' ? 1 : 0))
  const taken = after.find((name) => _spec[name] !== undefined)
  if (taken !== undefined) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`${operator}\` cannot follow \`${taken}\`: the core does ${stages.join(', ')} in this order, each once`,
    )
  }
  return new RoutedObservable<R>(_source, change(_spec))
}
