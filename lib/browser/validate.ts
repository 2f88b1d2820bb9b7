// Checks of options in few bytes: an object of options is read by an object of checks with the same names. Takes the
// place of lib/core/validate.ts; what is loaded later brings the longer words along.
import { HawserRangeError, HawserTypeError } from '../core/error'

/** How a value reads in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`
  return isObject(value) || typeof value === 'function' ? `a value of type ${typeof value}` : String(value)
}

export function refuse(code: 'INVALID_OPTION' | 'INVALID_ARGUMENT' | 'INVALID_URL', message: string): never {
  throw new HawserTypeError(code, message)
}
/** Throws INVALID_OPTION: a TypeError that names the option, what it takes and what came. */
export function badOption(
  name: string,
  wanted: string,
  value: unknown,
  Kind: new (code: 'INVALID_OPTION', message: string) => Error = HawserTypeError,
): never {
  throw new Kind('INVALID_OPTION', `Option \`${name}\` must be ${wanted}, not ${shown(value)}`)
}
/** Throws INVALID_ARGUMENT for a parameter of a method. */
export function badArgument(name: string, wanted: string, value: unknown): never {
  refuse('INVALID_ARGUMENT', `\`${name}\` must be ${wanted}, not ${shown(value)}`)
}

/** The checked value, or the usual one for undefined. `name` is the whole name of the option. */
export type Check<T = unknown> = (value: unknown, name: string) => T
export type Checks = Record<string, Check>
export type Read<C> = { [N in keyof C]: C[N] extends (...given: never[]) => infer R ? R : never }

/** Reads options. Names that are not known are refused. Throws INVALID_OPTION. */
export function read<C extends Checks>(given: unknown, checks: C, prefix = ''): Read<C> {
  const values = isObject(given)
    ? (given as Record<string, unknown>)
    : badOption(prefix.slice(0, -1) || 'options', 'an object', given)
  const names = Object.keys(checks)
  for (const name in values) {
    if (!names.includes(name) && values[name] !== undefined)
      refuse(
        'INVALID_OPTION',
        `There is no option \`${prefix}${name}\` in a browser, but ${names.join(', ')}`,
      )
  }
  return Object.fromEntries(names.map((name) => [name, checks[name](values[name], prefix + name)])) as Read<C>
}

export function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object'
}

export const any = (value: unknown): unknown => value
/** Of values that fit. */
export function checkOf<T>(fits: (value: unknown) => boolean, wanted: string, usual?: T): Check<T> {
  return (value = usual, name) =>
    value === undefined || fits(value) ? (value as T) : badOption(name, wanted, value)
}
const numeric =
  (fits: (value: unknown) => boolean) =>
  <U extends number | undefined = undefined>(usual?: U, min = 1, max = 0x7fffffff): Check<number | U> =>
  (value, name) => {
    if (value === undefined) return usual as U
    if (fits(value) && (value as number) >= min && (value as number) <= max) return value as number
    return badOption(
      name,
      `a number from ${min} to ${max}`,
      value,
      fits(value) ? HawserRangeError : HawserTypeError,
    )
  }
/** The longest time, in milliseconds, is also the largest number of things. */
export const whole = numeric(Number.isInteger)
export const share = numeric((value) => typeof value === 'number' && value === value)
export const flag = (usual: boolean): Check<boolean> =>
  checkOf((value) => typeof value === 'boolean', 'true or false', usual)
/** The place of the value among the choices. */
export const choice =
  (choices: readonly unknown[], usual = 0): Check<number> =>
  (value = choices[usual], name) => {
    const place = choices.indexOf(value)
    return place < 0 ? badOption(name, `one of ${choices.join(', ')}`, value) : place
  }
export const text = (usual: string, most: number): Check<string> =>
  checkOf(
    (value) => typeof value === 'string' && value !== '' && value.length <= most,
    `a string of 1 to ${most} characters`,
    usual,
  )
