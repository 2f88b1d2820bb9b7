// Pieces of HTTP syntax (RFC 9110, section 5.6) that options and handshakes are checked against.
import { HawserTypeError } from './error'
import { shown } from './validate'

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Visible Latin-1 characters, space and tab. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/

export function isToken(text: string): boolean {
  return token.test(text)
}

export function isFieldValue(text: string): boolean {
  return fieldValue.test(text)
}

/** Headers as programs give them: an object, a list of pairs, or a WHATWG Headers object. */
export type HeadersInput =
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [string, string]>

/** Flattens to name, value, name, value …; `label` names the option in messages. */
export function headerList(label: string, given: unknown): string[] {
  if (given === undefined) return []
  if (given === null || typeof given !== 'object') {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`${label}\` must be an object of headers, not ${shown(given)}`,
    )
  }
  const list: string[] = []
  const pairs = Symbol.iterator in given ? given : Object.entries(given)
  for (const [name, values] of pairs as Iterable<[unknown, unknown]>) {
    if (values === undefined) continue
    for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
      const text = typeof value === 'number' ? String(value) : value
      if (typeof name !== 'string' || !isToken(name)) {
        throw new HawserTypeError(
          'INVALID_OPTION',
          `Option \`${label}\` holds ${shown(name)}, which is no header name`,
        )
      }
      if (typeof text !== 'string' || !isFieldValue(text)) {
        throw new HawserTypeError(
          'INVALID_OPTION',
          `Option \`${label}\`: the value of \`${name}\` must be a string of Latin-1 characters without line ends`,
        )
      }
      list.push(name, text.trim())
    }
  }
  return list
}

/** Index of a header's name in a flat list, or -1. */
export function headerIndex(list: readonly string[], name: string): number {
  for (let i = 0; i < list.length; i += 2) if (list[i].toLowerCase() === name) return i
  return -1
}

/** Takes a header out of a flat list and returns its last value. */
export function takeHeader(list: string[], name: string): string | undefined {
  let value: string | undefined
  for (let i = headerIndex(list, name); i >= 0; i = headerIndex(list, name)) value = list.splice(i, 2)[1]
  return value
}

/** Headers of which the first value counts and others are dropped, as Node does. */
const single = new Set(
  (
    'age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since ' +
    'last-modified location max-forwards proxy-authorization referer retry-after server user-agent'
  ).split(' '),
)

/** A flat list of headers as an object by lower-case name; repeated ones are joined the way Node joins them. */
export function headerObject(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i].toLowerCase()
    const value = list[i + 1]
    const present = Object.hasOwn(headers, name) ? headers[name] : undefined
    let joined: string
    if (present === undefined) joined = value
    else if (single.has(name)) joined = present
    else joined = present + (name === 'cookie' ? '; ' : ', ') + value
    if (name === '__proto__')
      Object.defineProperty(headers, name, {
        value: joined,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    else headers[name] = joined
  }
  return headers
}

/** Comma-separated tokens of a list header; undefined when one of them is no token. */
export function tokenList(value: string): string[] | undefined {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  return items.every(isToken) ? items : undefined
}
