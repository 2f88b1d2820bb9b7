// The words of a command line. A command's table of options is what reads them and what its help shows.
import { parseArgs } from 'node:util'
import { nearest } from '../core/validate'

/** One option of a command. */
export interface OptionRow {
  /** What its value is called in the help. Without it the option is a flag. */
  value?: string
  /** It may be given several times. */
  many?: boolean
  short?: string
  /** One line of the help. */
  says: string
  /** The value is a number within these bounds. */
  number?: { min: number; max: number; whole?: boolean }
  choices?: readonly string[]
}
export type OptionTable = Record<string, OptionRow>

type One<R extends OptionRow> = R extends { number: object } ? number : string
/** What each option of a table was given; flags are false where they are not, lists empty. */
export type Given<T extends OptionTable> = {
  [K in keyof T]: T[K] extends { value: string }
    ? T[K] extends { many: true }
      ? One<T[K]>[]
      : One<T[K]> | undefined
    : boolean
}

/** The words make no sense: exit code 2. */
export class UsageError extends Error {}

/** Reads options and the words between them. Throws UsageError. */
export function readWords<T extends OptionTable>(
  table: T,
  words: readonly string[],
): { given: Given<T>; rest: string[] } {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, row]) => [
      name,
      {
        type: row.value === undefined ? ('boolean' as const) : ('string' as const),
        ...(row.short === undefined ? {} : { short: row.short }),
      },
    ]),
  )
  const { tokens, positionals } = parseArgs({
    args: [...words],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given: Record<string, unknown> = {}
  for (const [name, row] of Object.entries(table)) {
    given[name] = row.value === undefined ? false : row.many === true ? [] : undefined
  }
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const row = Object.hasOwn(table, token.name) ? table[token.name] : undefined
    if (row === undefined) throw unknownOption(token.rawName, Object.keys(table))
    const value = valueOf(token.rawName, row, token.value)
    if (row.many === true) (given[token.name] as unknown[]).push(value)
    else given[token.name] = value
  }
  return { given: given as Given<T>, rest: positionals }
}

function unknownOption(raw: string, known: string[]): UsageError {
  const meant = nearest(raw.replace(/^-+/, ''), known)
  return new UsageError(`There is no option ${raw}${meant === undefined ? '' : `. Did you mean --${meant}?`}`)
}

function valueOf(name: string, row: OptionRow, value: string | undefined): string | number | boolean {
  if (row.value === undefined) {
    if (value !== undefined) throw new UsageError(`${name} takes no value`)
    return true
  }
  if (value === undefined) throw new UsageError(`${name} needs a value: ${name} ${row.value}`)
  if (row.choices !== undefined && !row.choices.includes(value)) {
    throw new UsageError(`${name} takes ${row.choices.join(' or ')}, not '${value}'`)
  }
  if (row.number === undefined) return value
  const { min, max, whole = true } = row.number
  const number = value.trim() === '' ? NaN : Number(value)
  if (!(number >= min && number <= max) || (whole && !Number.isInteger(number))) {
    const kind = whole ? 'a whole number' : 'a number'
    throw new UsageError(`${name} takes ${kind} from ${min} to ${max}, not '${value}'`)
  }
  return number
}

/** The lines of a table of options, for the help. */
export function optionLines(table: OptionTable): string[] {
  const left = Object.entries(table).map(([name, row]) => {
    const short = row.short === undefined ? '    ' : `-${row.short}, `
    return `  ${short}--${name}${row.value === undefined ? '' : ` ${row.value}`}`
  })
  const width = Math.max(...left.map(({ length }) => length)) + 2
  return Object.values(table).map((row, i) => `${left[i].padEnd(width)}${row.says}`)
}
