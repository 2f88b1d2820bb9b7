// Where the parts of messages stand. Takes the place of lib/client/layout.ts.
import type { Layout } from '../client/layout'
import { tokens } from '../client/pointer'
import { checkOf, read } from './validate'

export type { Layout, RoutingOptions } from '../client/layout'

const pointer = checkOf<string>(
  (value) => typeof value === 'string' && /^(?:\/(?:[^~/]|~[01])*)+$/.test(value) && value.length <= 512,
  "a JSON pointer such as '/payload/symbol'",
)
/** It usually points to the member of its own name. */
const always = (value: unknown, option: string): string[] =>
  tokens(pointer(value === undefined ? option.replace('routing.', '/') : value, option))
const orNone = (value: unknown, option: string): string[] | undefined =>
  value === false ? undefined : always(value, option)
const checks = {
  type: always,
  room: always,
  correlationId: always,
  payload: always,
  error: always,
  id: orNone,
  timestamp: orNone,
  reply: checkOf<string | false>(
    (value) => value === false || (typeof value === 'string' && value !== ''),
    'the type of replies, or false',
    'reply',
  ),
}

/** Throws INVALID_OPTION. */
export function readLayout(given: unknown = {}): Layout {
  const { reply, ...paths } = read(given, checks, 'routing.')
  const standard = Object.keys(given as object).every((name) => name === 'reply')
  return { ...paths, replyType: reply || '', given, standard } as Layout
}
