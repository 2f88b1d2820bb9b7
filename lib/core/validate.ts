// Checks of options: unknown names, types and bounds, with messages that name the option and say what to do.
import { HawserRangeError, HawserTypeError } from './error'
import { type DefaultName, type NumericDefault, defaults } from './defaults'

/** Steps of insertion, removal, exchange and swap of neighbours that make one word of the other. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, before[j - 2] + 1)
      row.push(best)
    }
    before = above
    above = row
  }
  return above[b.length]
}

/** The known name that was most likely meant, or undefined when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const steps = distance(name.toLowerCase(), candidate.toLowerCase())
    if (steps < least) {
      least = steps
      best = candidate
    }
  }
  return best
}

/** How a value reads in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : `'${value}'`
  if (value === null || ['number', 'boolean', 'undefined', 'bigint'].includes(typeof value))
    return String(value)
  if (typeof value === 'function') return 'a function'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

/** Throws INVALID_OPTION: a TypeError that names the option, what it takes and what came. */
export function badOption(name: string, wanted: string, value: unknown): never {
  throw new HawserTypeError('INVALID_OPTION', `Option \`${name}\` must be ${wanted}, not ${shown(value)}`)
}

/** Throws INVALID_ARGUMENT for a parameter of a method. */
export function badArgument(name: string, wanted: string, value: unknown): never {
  throw new HawserTypeError('INVALID_ARGUMENT', `\`${name}\` must be ${wanted}, not ${shown(value)}`)
}

/** An integer within the bounds of a default's row; undefined gives the default. */
export function checkNumber(name: string, row: NumericDefault, value: unknown): number {
  if (value === undefined) return row.value
  if (typeof value !== 'number' || !Number.isInteger(value))
    badOption(name, `a whole number${units[row.unit]}`, value)
  if (value < row.min || value > row.max) {
    const bounds = `from ${row.min} to ${row.max}${units[row.unit]}`
    throw new HawserRangeError('INVALID_OPTION', `Option \`${name}\` must be ${bounds}, not ${value}`)
  }
  return value
}

const units: Record<NumericDefault['unit'], string> = {
  bytes: ' (bytes)',
  ms: ' (milliseconds)',
  count: '',
  bits: ' (bits)',
  level: '',
}

/** Reads one object of options; `prefix` names it in messages when it is nested. */
export class OptionReader {
  private readonly values: Record<string, unknown>

  constructor(
    owner: string,
    options: unknown,
    known: readonly string[],
    private readonly prefix = '',
  ) {
    if (options === undefined) options = {}
    if (options === null || typeof options !== 'object') {
      badOption(prefix === '' ? 'options' : prefix.slice(0, -1), 'an object', options)
    }
    this.values = options as Record<string, unknown>
    for (const name of Object.keys(this.values)) {
      if (known.includes(name) || this.values[name] === undefined) continue
      const meant = nearest(name, known)
      throw new HawserTypeError(
        'INVALID_OPTION',
        `${owner} has no option \`${prefix}${name}\`${meant === undefined ? '' : `. Did you mean \`${prefix}${meant}\`?`}`,
      )
    }
  }

  has(name: string): boolean {
    return this.values[name] !== undefined
  }

  raw(name: string): unknown {
    return this.values[name]
  }

  /** A whole number; the row of defaults.ts is named like the option, with the prefix. */
  number(name: string, row: DefaultName = (this.prefix + name) as DefaultName): number {
    return checkNumber(this.prefix + name, defaults[row], this.values[name])
  }

  /** A number that need not be whole. */
  fraction(name: string, fallback: number, min: number, max: number): number {
    const value = this.values[name]
    if (value === undefined) return fallback
    const label = this.prefix + name
    if (typeof value !== 'number' || Number.isNaN(value))
      badOption(label, `a number from ${min} to ${max}`, value)
    if (value < min || value > max) {
      throw new HawserRangeError(
        'INVALID_OPTION',
        `Option \`${label}\` must be from ${min} to ${max}, not ${value}`,
      )
    }
    return value
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.values[name]
    if (value === undefined) return fallback
    if (typeof value !== 'boolean') badOption(this.prefix + name, 'true or false', value)
    return value
  }

  string(name: string, fallback = ''): string {
    const value = this.values[name]
    if (value === undefined) return fallback
    if (typeof value !== 'string') badOption(this.prefix + name, 'a string', value)
    return value
  }

  strings(name: string): string[] {
    const value = this.values[name]
    if (value === undefined) return []
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      badOption(this.prefix + name, 'an array of strings', value)
    }
    return [...(value as string[])]
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the signature
  func<T>(name: string): T | undefined {
    const value = this.values[name]
    if (value !== undefined && typeof value !== 'function') badOption(this.prefix + name, 'a function', value)
    return value as T | undefined
  }

  oneOf<T extends string | number>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.values[name]
    if (value === undefined) return fallback
    if (!choices.includes(value as T)) {
      badOption(this.prefix + name, `one of ${choices.map((choice) => shown(choice)).join(', ')}`, value)
    }
    return value as T
  }
}
