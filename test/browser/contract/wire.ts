// Values on their way between Node and a page: what is plain goes by value, everything else as a number that the side
// which has it knows it by.

/** JSON; an object is tagged with what it stands for. */
export type Wire = string | number | boolean | null | Tagged
type Tagged =
  | { is: 'undefined' }
  | { is: 'number' | 'bigint' | 'symbol' | 'bytes'; text: string }
  | { is: 'array' | 'set'; values: Wire[] }
  | { is: 'plain' | 'map'; entries: [Wire, Wire][] }
  | { is: 'date'; time: number }
  | { is: 'error'; message: string; entries: [Wire, Wire][]; as: Reference }
  | Reference
export interface Reference {
  is: 'function' | 'instance' | 'promise' | 'thrown'
  /** Whether the side that reads this has it. */
  yours: boolean
  id: number
  /** Of an instance: its class. Of a function: it is a method of a class, the same for all its instances. */
  kind?: number
}

/** How a side names what does not go by value. */
export interface Names {
  give(value: object, is: Reference['is']): Reference
  /** What came from the other side and goes back there. */
  known(value: object): Reference | undefined
  take(reference: Reference): unknown
  /** Errors go by value, and are the same when they come back. */
  note(value: object, reference: Reference): void
}

const kindOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1)

/** An object of `{}`, whichever realm it is of. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

export function toWire(value: unknown, names: Names): Wire {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'undefined':
      return { is: 'undefined' }
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { is: 'number', text: numberText(value) }
    case 'bigint':
      return { is: 'bigint', text: String(value) }
    case 'symbol':
      return { is: 'symbol', text: value.description ?? '' }
    case 'function':
      return names.known(value) ?? names.give(value, 'function')
    case 'object':
      return value === null ? null : objectToWire(value, names)
  }
}
const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

function objectToWire(value: object, names: Names): Wire {
  const known = names.known(value)
  if (known !== undefined) return known
  const all = (values: Iterable<unknown>): Wire[] => Array.from(values, (one) => toWire(one, names))
  const pairs = (entries: Iterable<[unknown, unknown]>): [Wire, Wire][] =>
    Array.from(entries, ([key, one]) => [toWire(key, names), toWire(one, names)])
  const kind = kindOf(value)
  if (kind === 'Array') return { is: 'array', values: all(value as unknown[]) }
  if (kind === 'Set') return { is: 'set', values: all(value as Set<unknown>) }
  if (kind === 'Map') return { is: 'map', entries: pairs(value as Map<unknown, unknown>) }
  if (kind === 'Date') return { is: 'date', time: Number(value) }
  if (kind === 'Promise') return names.give(value, 'promise')
  if (kind === 'Error') {
    const { name, message, cause } = value as Error
    const own = { ...value, name, ...(cause !== undefined && { cause }) }
    return { is: 'error', message, entries: pairs(Object.entries(own)), as: names.give(value, 'thrown') }
  }
  if (kind === 'ArrayBuffer') return { is: 'bytes', text: base64(new Uint8Array(value as ArrayBuffer)) }
  if (ArrayBuffer.isView(value))
    return { is: 'bytes', text: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) }
  if (kind === 'Object' && isPlain(value)) return { is: 'plain', entries: pairs(Object.entries(value)) }
  return names.give(value, 'instance')
}

export function fromWire(wire: Wire, names: Names): unknown {
  if (typeof wire !== 'object' || wire === null) return wire
  switch (wire.is) {
    case 'undefined':
      return undefined
    case 'number':
      return Number(wire.text)
    case 'bigint':
      return BigInt(wire.text)
    case 'symbol':
      return symbolOf(wire.text)
    case 'bytes':
      return bytesOf(wire.text)
    case 'array':
      return wire.values.map((one) => fromWire(one, names))
    case 'set':
      return new Set(wire.values.map((one) => fromWire(one, names)))
    case 'plain':
      return Object.fromEntries(pairsFrom(wire.entries, names) as [string, unknown][])
    case 'map':
      return new Map(pairsFrom(wire.entries, names))
    case 'date':
      return new Date(wire.time)
    case 'error': {
      const own = Object.fromEntries(pairsFrom(wire.entries, names))
      const error = Object.assign(new Error(wire.message), own)
      names.note(error, wire.as)
      return error
    }
    case 'function':
    case 'instance':
    case 'thrown':
    case 'promise':
      return names.take(wire)
  }
}
const pairsFrom = (entries: [Wire, Wire][], names: Names): [unknown, unknown][] =>
  entries.map(([key, one]) => [fromWire(key, names), fromWire(one, names)])

/** `Symbol.iterator` and its like are the same on both sides. */
function symbolOf(text: string): symbol {
  const known = (Symbol as unknown as Record<string, symbol | undefined>)[text.replace('Symbol.', '')]
  return known ?? Symbol(text)
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
