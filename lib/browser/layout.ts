// Where the parts of messages stand. Takes the place of lib/client/layout.ts.
import type { Layout } from '../client/layout'
import { tokens } from '../client/pointer'
import { any, badOption, read } from './validate'

export type { Layout, RoutingOptions } from '../client/layout'

const pointer =
  (name: string, optional = false) =>
  (value: unknown = `/${name}`, option: string): string[] | undefined => {
    if (optional && value === false) return undefined
    return typeof value === 'string' && /^(?:\/(?:[^~/]|~[01])*)+$/.test(value) && value.length <= 512
      ? tokens(value)
      : badOption(option, `a JSON pointer such as '/payload/symbol'`, value)
  }
const checks = {
  type: pointer('type'),
  room: pointer('room'),
  correlationId: pointer('correlationId'),
  payload: pointer('payload'),
  error: pointer('error'),
  id: pointer('id', true),
  timestamp: pointer('timestamp', true),
  reply: any,
}
let usual: Layout | undefined

/** Throws INVALID_OPTION. */
export function readLayout(given?: unknown): Layout {
  if (given === undefined) return (usual ??= layoutOf({}))
  return layoutOf(given)
}

function layoutOf(given: unknown): Layout {
  const { reply = 'reply', ...paths } = read(given, checks, 'routing.')
  if (reply !== false && (typeof reply !== 'string' || reply === '')) {
    badOption('routing.reply', 'the type of replies, or false', reply)
  }
  const standard = Object.keys(given as object).every((name) => name === 'reply')
  return { ...paths, replyType: reply || '', given, standard } as Layout
}
