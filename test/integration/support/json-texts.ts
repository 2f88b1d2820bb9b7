// JSON as seldom written: escapes, odd keys, keys twice, numbers at their limits, lone surrogates, deep nesting; and what
// becomes of it when a few characters change.
import type { Random } from '../../support/random'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const numbers = [
  ...['0', '-0', '1', '-1', '1.0', '1e0', '0.1', '100', '99.999999', '1e21', '1e999', '-1e999', '1e-999'],
  ...['5e-324', '2.2250738585072011e-308', '1.7976931348623157e308', '1.7976931348623159e308'],
  ...['9007199254740993', '123456789012345678901234567890', '0.30000000000000004', '1E+2', '4.35', '8.5e-1'],
]
const strings = [
  '',
  'x',
  'é',
  '漢字',
  '🚢',
  '\ud800',
  '\udc00',
  '\ud83d',
  'a"b',
  'a\\b',
  '\u0000',
  '\n\t',
  '/',
  '~',
]
const keys = [
  'a',
  'b/c',
  'd~e',
  'kéy',
  'list',
  'type',
  'payload',
  '',
  '__proto__',
  'constructor',
  '0',
  '漢',
  'id2',
]
const types = ['tick', 'tock', 'a.b', 'a.b.c', 'a', 'ab', 'é', '漢字', 'a.é', 'tick ', '__proto__']
const spaces = ['', '', '', '', ' ', '\t', '\r\n', '  ']

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]
const space = (random: Random): string => pick(random, spaces)

/** A string in one of the ways to write it. */
function quoted(random: Random, value: string): string {
  const how = random.below(4)
  if (how > 1) return JSON.stringify(value)
  let out = '"'
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    if (how === 0 || random.below(2) === 0) {
      const hex = unit.toString(16).padStart(4, '0')
      out += `\\u${random.below(2) === 0 ? hex : hex.toUpperCase()}`
    } else {
      out += JSON.stringify(value[i]).slice(1, -1)
    }
  }
  return `${out}"`
}

function scalar(random: Random): string {
  const kind = random.below(8)
  if (kind < 3) return pick(random, numbers)
  if (kind < 6) return quoted(random, pick(random, strings))
  return pick(random, ['true', 'false', 'null'])
}

function list(random: Random, depth: number): string {
  const items = Array.from({ length: random.below(4) }, () => any(random, depth - 1))
  return `[${space(random)}${items.join(`${space(random)},${space(random)}`)}${space(random)}]`
}

function object(random: Random, depth: number, first: [string, string][] = []): string {
  const members = first.slice()
  for (let i = random.below(4); i > 0; i--) members.push([pick(random, keys), any(random, depth - 1)])
  // Somewhere else than at the front, and often twice.
  if (members.length > 1 && random.below(2) === 0) members.reverse()
  if (members.length > 0 && random.below(4) === 0)
    members.push([pick(random, members)[0], any(random, depth - 1)])
  const written = members.map(
    ([key, value]) => `${space(random)}${quoted(random, key)}${space(random)}:${space(random)}${value}`,
  )
  return `{${written.join(`${space(random)},`)}${space(random)}}`
}

function any(random: Random, depth: number): string {
  const kind = random.below(10)
  if (depth <= 0 || kind < 6) return scalar(random)
  if (kind < 8) return list(random, depth)
  if (kind < 9) return object(random, depth)
  const levels = random.below(60)
  return '['.repeat(levels) + scalar(random) + ']'.repeat(levels)
}

/** A text that is JSON, most often a message with a type. */
export function generated(random: Random): string {
  const kind = random.below(20)
  if (kind === 0) return any(random, 3)
  if (kind === 1) return list(random, 3)
  const type =
    random.below(10) === 0
      ? pick(random, ['5', '-7', '123456789012345'])
      : quoted(random, pick(random, types))
  const payload: [string, string][] = [
    ['a', scalar(random)],
    ['list', list(random, 2)],
    ['b/c', object(random, 1, [['d~e', scalar(random)]])],
    ['kéy', quoted(random, pick(random, strings))],
  ].filter(() => random.below(2) === 0) as [string, string][]
  if (random.below(10) === 0) payload.push(['__proto__', '1'])
  const members: [string, string][] = [
    ['type', type],
    ['payload', object(random, 2, payload)],
  ]
  if (random.below(6) === 0) members.push(['list', `[0,{"a":${scalar(random)}}]`])
  return space(random) + object(random, 2, members) + space(random)
}

const scraps = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  '-',
  '.',
  'e',
  '+',
  ' ',
  '\u0001',
  'é',
  '\\u',
  'null',
  '\ufeff',
]

/** The same with one to three changes; few of them leave it JSON. */
export function mutated(random: Random, text: string): string {
  let out = text
  for (let i = 1 + random.below(3); i > 0; i--) {
    const at = random.below(out.length + 1)
    const kind = random.below(4)
    if (kind === 0) out = out.slice(0, at) + pick(random, scraps) + out.slice(at)
    else if (kind === 1) out = out.slice(0, at) + out.slice(at + 1 + random.below(3))
    else if (kind === 2) out = out.slice(0, at) + pick(random, scraps) + out.slice(at + 1)
    else out = out.slice(0, at) + out.slice(random.below(out.length + 1))
  }
  return out
}
