// Operators that the core performs, on its own thread. They stand right behind messages$ or messagesOfType(), in this
// order; anything else throws where the stream is made.
import type { MonoTypeOperatorFunction, OperatorFunction } from 'rxjs'
import type { ColumnBatch } from '../client/message-router'
import type { BatchOptions, ConflateOptions, SampleOptions, Where } from '../client/subscription-spec'
import { HawserTypeError } from '../core/error'
import { refine } from './routed-observable'

/**
 * Only messages that meet all conditions, by JSON pointer.
 *
 * @example
 * feed.messagesOfType('tick').pipe(where({ '/payload/symbol': ['A', 'B'], '/payload/price': { gte: 10 } }))
 * @throws TypeError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function where<M>(conditions: Where): MonoTypeOperatorFunction<M> {
  return (source) =>
    refine('where', 'where', source, (spec) => {
      const twice = Object.keys(conditions).find((pointer) => Object.hasOwn(spec.where ?? {}, pointer))
      if (twice !== undefined) {
        throw new HawserTypeError('INVALID_OPTION', `\`where\` has a condition for '${twice}' already`)
      }
      return { ...spec, where: { ...spec.where, ...conditions } }
    })
}

/**
 * Thins the stream out, whatever is in it: the latest of each interval, the first of it, or the latest before a pause.
 * @throws TypeError, RangeError `INVALID_OPTION`; TypeError `INVALID_ARGUMENT`
 */
export function sampled<M>(options: SampleOptions): MonoTypeOperatorFunction<M> {
  return (source) => refine('sampled', 'sample', source, (spec) => ({ ...spec, sample: options }))
}

/**
 * Of each key only the latest message, at most once in `every` milliseconds.
 * @throws TypeError, RangeError `INVALID_OPTION`; TypeError `INVALID_ARGUMENT`
 */
export function conflated<M>(options: ConflateOptions): MonoTypeOperatorFunction<M> {
  return (source) => refine('conflated', 'conflate', source, (spec) => ({ ...spec, conflate: options }))
}

/**
 * Arrays of messages: when `max` (default 50) have come, or `every` milliseconds (default 100) after the first one.
 * @throws TypeError, RangeError `INVALID_OPTION`; TypeError `INVALID_ARGUMENT`
 */
export function batched<M>(options: BatchOptions = {}): OperatorFunction<M, M[]> {
  return (source) => refine('batched', 'batch', source, (spec) => ({ ...spec, batch: options }))
}

/**
 * Numbers of the messages as a Float64Array for each name; no message becomes an object. A batch holds 4096 rows unless
 * `batch.max` says otherwise, and waits 100 ms unless `batch.every` does.
 * @throws TypeError, RangeError `INVALID_OPTION`; TypeError `INVALID_ARGUMENT`
 */
export function asColumns<Names extends string>(
  columns: Record<Names, string>,
  batch?: BatchOptions,
): OperatorFunction<unknown, ColumnBatch<Names>> {
  return (source) =>
    refine('asColumns', 'batch', source, (spec) => ({ ...spec, columns, ...(batch && { batch }) }))
}
