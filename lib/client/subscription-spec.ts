// What `subscribe` takes, and the route that it becomes.
import { HawserRangeError, HawserTypeError } from '../core/error'
import { OptionReader, badOption, shown } from '../core/validate'
import type { Condition, RouteSpec, Scalar } from './engine'
import { checkPointer } from './check-pointer'

/** A bound from below, from above, or both. Values that are no numbers do not match. */
export interface Range {
  gt?: number
  gte?: number
  lt?: number
  lte?: number
}
/** Conditions by JSON pointer; all must hold. An array means any of its values. */
export type Where = Record<string, Scalar | readonly Scalar[] | Range>

export interface SampleOptions {
  /** Milliseconds. */
  every: number
  /**
   * `sample`: the latest once per interval; `throttle`: the first, then none for the interval; `debounce`: the latest
   * once none came for the interval. Default `sample`.
   */
  mode?: 'sample' | 'throttle' | 'debounce'
}
export interface ConflateOptions {
  /** JSON pointer of the key: of each key only the latest is delivered. */
  key: string
  /** Milliseconds between two deliveries of one key. */
  every: number
  /** Keys that may wait; one more sends the oldest on its way early. Default 10000. */
  maxKeys?: number
}
export interface BatchOptions {
  /** Messages a batch holds at most. Default 50, with columns 4096. */
  max?: number
  /** Milliseconds that the first of a batch waits at most. Default 100. */
  every?: number
}

/** What `subscribe` takes beside a handler. All of it is evaluated off the event loop. */
export interface SubscribeSpec<T extends string = string> {
  /** A type, a prefix such as `chat.*`, or `*`. */
  type: T
  where?: Where
  sample?: SampleOptions
  conflate?: ConflateOptions
  batch?: boolean | BatchOptions
  /** JSON pointers by name: the handler gets a Float64Array of each instead of messages. */
  columns?: Record<string, string>
}

const longestType = 128
const aDay = 86_400_000

/** Throws INVALID_OPTION (or INVALID_ARGUMENT for `on`) naming what is wrong. */
export function checkPattern(name: string, value: unknown): string {
  const fail = (why: string): never => {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `\`${name}\` must be a message type, a prefix such as 'chat.*', or '*', not ${shown(value)}: ${why}`,
    )
  }
  if (typeof value !== 'string') return fail('it is no string')
  if (value === '') return fail('it is empty')
  if (new TextEncoder().encode(value).length > longestType) return fail(`it may have ${longestType} bytes`)
  const star = value.indexOf('*')
  if (star < 0 || value === '*') return value
  if (star !== value.length - 1 || value.at(-2) !== '.' || value.length < 3) {
    return fail("'*' stands alone or at the end behind a dot")
  }
  return value
}

function milliseconds(name: string, value: unknown, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback
  return whole(name, value, 1, aDay)
}
function whole(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) badOption(name, 'a whole number', value)
  if (value < min || value > max) {
    throw new HawserRangeError(
      'INVALID_OPTION',
      `Option \`${name}\` must be from ${min} to ${max}, not ${value}`,
    )
  }
  return value
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

const bounds = ['gt', 'gte', 'lt', 'lte'] as const

function readCondition(pointer: string, value: unknown): Condition {
  const name = `where['${pointer}']`
  checkPointer(name, pointer)
  if (isScalar(value)) return { pointer, any: [value] }
  if (Array.isArray(value)) {
    const list = value as unknown[]
    if (list.length === 0) badOption(name, 'a list with at least one value', value)
    const wrong = list.findIndex((item) => !isScalar(item))
    if (wrong >= 0) badOption(name, 'a list of strings, numbers, booleans or null', list[wrong])
    return { pointer, any: list as Scalar[] }
  }
  if (typeof value !== 'object') {
    return badOption(name, 'a value, a list of values, or a range such as { gte: 1, lt: 5 }', value)
  }
  const reader = new OptionReader(`\`${name}\``, value, bounds, `${name}.`)
  const out: Record<string, string | number> = { pointer }
  for (const bound of bounds) {
    const limit = reader.raw(bound)
    if (limit === undefined) continue
    if (typeof limit !== 'number' || !Number.isFinite(limit)) badOption(`${name}.${bound}`, 'a number', limit)
    out[bound] = limit
  }
  if (Object.keys(out).length === 1) badOption(name, 'a range with at least one of gt, gte, lt, lte', value)
  return out as unknown as Condition
}

// `frames` is of the hooks, for pages.
const specNames = ['type', 'where', 'sample', 'conflate', 'batch', 'columns', 'frames']

/** Checks what a program passed to `subscribe`. Throws INVALID_OPTION. */
export function readSpec(spec: unknown): RouteSpec {
  const reader = new OptionReader('`subscribe`', spec, specNames)
  const out: RouteSpec = { pattern: checkPattern('type', reader.raw('type')) }
  const where = object('where', reader.raw('where'))
  if (where !== undefined) {
    out.where = Object.entries(where).map(([pointer, value]) => readCondition(pointer, value))
    if (out.where.length > 32) badOption('where', 'at most 32 conditions', where)
  }
  if (reader.has('sample')) {
    const sample = new OptionReader('`sample`', reader.raw('sample'), ['every', 'mode'], 'sample.')
    const mode = sample.oneOf('mode', ['sample', 'throttle', 'debounce'] as const, 'sample')
    out.sample = { mode, every: milliseconds('sample.every', sample.raw('every')) }
  }
  if (reader.has('conflate')) {
    const names = ['key', 'every', 'maxKeys']
    const conflate = new OptionReader('`conflate`', reader.raw('conflate'), names, 'conflate.')
    out.conflate = {
      key: checkPointer('conflate.key', conflate.raw('key')),
      every: milliseconds('conflate.every', conflate.raw('every')),
    }
    if (conflate.has('maxKeys')) {
      out.conflate.maxKeys = whole('conflate.maxKeys', conflate.raw('maxKeys'), 1, 1_000_000)
    }
  }
  const columns = object('columns', reader.raw('columns'))
  if (columns !== undefined) {
    out.columns = Object.entries(columns).map(([name, pointer]) => ({
      name,
      pointer: checkPointer(`columns.${name}`, pointer),
    }))
    if (out.columns.length === 0 || out.columns.length > 256)
      badOption('columns', '1 to 256 pointers', columns)
    const taken = ['rows', 'missing'].find((name) => Object.hasOwn(columns, name))
    if (taken !== undefined)
      badOption('columns', `without the name '${taken}', which a batch has already`, columns)
  }
  const batch = reader.raw('batch')
  if ((batch !== undefined && batch !== false) || columns !== undefined) {
    const given = batch === true || batch === false ? undefined : batch
    const options = new OptionReader('`batch`', given, ['max', 'every'], 'batch.')
    const usual = columns === undefined ? 50 : 4096
    out.batch = {
      max: whole('batch.max', options.raw('max') ?? usual, 1, 65_536),
      every: milliseconds('batch.every', options.raw('every'), 100),
    }
  }
  return out
}

function object(name: string, value: unknown): Record<string, unknown> | undefined {
  if (value === undefined) return undefined
  if (value === null || typeof value !== 'object' || Array.isArray(value)) badOption(name, 'an object', value)
  return value as Record<string, unknown>
}
