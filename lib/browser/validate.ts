// Checks of options in few bytes: an object of options is read by an object of checks with the same names. Takes the
// place of lib/core/validate.ts; what is loaded later brings the longer words along.
import { HawserRangeError, HawserTypeError } from '../core/error'
import { defaults } from './defaults'

/** How a value reads in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`
  const plain = value === null || !['object', 'function'].includes(typeof value)
  return plain ? String(value) : `a value of type ${typeof value}`
}

function says(name: string, wanted: string, value: unknown): string {
  return `\`${name}\` must be ${wanted}, not ${shown(value)}`
}
/** Throws INVALID_OPTION: a TypeError that names the option, what it takes and what came. */
export function badOption(name: string, wanted: string, value: unknown): never {
  throw new HawserTypeError('INVALID_OPTION', `Option ${says(name, wanted, value)}`)
}
/** Throws INVALID_ARGUMENT for a parameter of a method. */
export function badArgument(name: string, wanted: string, value: unknown): never {
  throw new HawserTypeError('INVALID_ARGUMENT', says(name, wanted, value))
}

/** The checked value, or the usual one for undefined. `name` is the whole name of the option. */
export type Check = (value: unknown, name: string) => unknown
type Read<C> = { [N in keyof C]: C[N] extends (...given: never[]) => infer R ? R : never }

/** Reads options. Names that are not known are refused. Throws INVALID_OPTION. */
export function read<C extends Record<string, Check>>(given: unknown, checks: C, prefix = ''): Read<C> {
  const values = isObject(given)
    ? (given as Record<string, unknown>)
    : badOption(prefix.slice(0, -1) || 'options', 'an object', given)
  const names = Object.keys(checks)
  for (const name in values) {
    if (names.includes(name) || values[name] === undefined) continue
    throw new HawserTypeError(
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
function numeric(value: unknown, name: string, min: number, max: number, fits: boolean): number {
  const wanted = `a number from ${min} to ${max}`
  if (typeof value !== 'number' || !fits) badOption(name, wanted, value)
  if (value >= min && value <= max) return value
  throw new HawserRangeError('INVALID_OPTION', `Option ${says(name, wanted, value)}`)
}
export const whole =
  (usual: number, min: number, max: number) =>
  (value: unknown = usual, name: string): number =>
    numeric(value, name, min, max, Number.isInteger(value))
export const share =
  (usual: number, min: number, max: number) =>
  (value: unknown = usual, name: string): number =>
    numeric(value, name, min, max, value === value)
/** With the bounds of its row of defaults. */
export const row = (value: unknown, name: string): number => {
  const { value: usual, min, max } = defaults[name as keyof typeof defaults]
  return whole(usual, min, max)(value, name)
}
export const flag =
  (usual: boolean) =>
  (value: unknown = usual, name: string): boolean =>
    typeof value === 'boolean' ? value : badOption(name, 'true or false', value)
/** The place of the value among the choices. */
export const choice =
  (choices: readonly string[], usual = 0) =>
  (value: unknown = choices[usual], name: string): number => {
    const place = choices.indexOf(value as string)
    return place < 0 ? badOption(name, `one of ${choices.join(', ')}`, value) : place
  }
export const text =
  (usual: string, most: number) =>
  (value: unknown = usual, name: string): string =>
    typeof value === 'string' && value !== '' && value.length <= most
      ? value
      : badOption(name, `a string of 1 to ${most} characters`, value)
