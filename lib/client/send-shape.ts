// The options `throttle`, `debounce` and `key` of a send.
import { HawserTypeError } from '../core/error'
import { defaults } from '../core/defaults'
import { type OptionReader, badOption } from '../core/validate'
import type { SendShape } from './engine'

export const shapeNames = ['throttle', 'debounce', 'key'] as const

/** What may be said of a send that several calls share. */
export interface ShapeOptions {
  /** Send at most one message of the key in so many milliseconds: the first at once, then the latest. `true`: 50. */
  throttle?: boolean | number
  /** Send the latest message of the key once none came for so many milliseconds. `true`: 300. */
  debounce?: boolean | number
  /** What the messages have in common that replace each other; default the type. 1 to 128 characters. */
  key?: string
}

/** `promised`: somebody waits for this very message. Throws INVALID_OPTION. */
export function readShape(reader: OptionReader, type: string, promised: boolean): SendShape | undefined {
  const throttle = interval(reader, 'throttle')
  const debounce = interval(reader, 'debounce')
  if (throttle > 0 && debounce > 0) refuse('Options `throttle` and `debounce` exclude each other')
  const key = reader.string('key', type)
  if (key === '' || key.length > 128) badOption('key', 'a string of 1 to 128 characters', key)
  const mode = throttle > 0 ? 'throttle' : 'debounce'
  const every = throttle + debounce
  if (every === 0) {
    if (reader.has('key')) refuse('Option `key` needs `throttle` or `debounce`')
    return undefined
  }
  if (promised) {
    refuse(`Option \`${mode}\` cannot be combined with \`ack\` or \`durable\`: the message may be replaced`)
  }
  return { mode, every, key: ascii(key) }
}

/** 0: not asked for. */
function interval(reader: OptionReader, name: 'throttle' | 'debounce'): number {
  const value = reader.raw(name)
  if (value === undefined || value === false) return 0
  if (value === true) return defaults[name].value
  if (typeof value !== 'number') badOption(name, 'true, false or milliseconds', value)
  return reader.number(name)
}

/** Equal for equal keys, and different for different ones. */
function ascii(key: string): string {
  return key.replace(/[^\x20-\x7e]|%/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function refuse(message: string): never {
  throw new HawserTypeError('INVALID_OPTION', message)
}
