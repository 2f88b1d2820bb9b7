// Where the parts of messages stand, as programs say it and as it is used.
import { OptionReader, badOption } from '../core/validate'
import { checkPointer } from './check-pointer'
import { tokens } from './pointer'

/** Where the parts of a message stand, as JSON pointers (RFC 6901). */
export interface RoutingOptions {
  /** Default '/type'. */
  type?: string
  /** Default '/room'. */
  room?: string
  /** Default '/correlationId'. */
  correlationId?: string
  /** Default '/payload'. */
  payload?: string
  /** Default '/id'; false: messages carry none. */
  id?: string | false
  /** Default '/timestamp'; false: messages carry none. */
  timestamp?: string | false
  /** Default '/error'. */
  error?: string
  /** The type of replies; false: whatever carries the correlation id of a request is its reply. Default 'reply'. */
  reply?: string | false
}

export interface Layout {
  typeAt: string
  roomAt: string
  correlationAt: string
  payloadAt: string
  errorAt: string
  replyType: string
  given: RoutingOptions | undefined
  /** A message has the fields of docs/client.md. */
  standard: boolean
  type: string[]
  room: string[]
  correlationId: string[]
  payload: string[]
  error: string[]
  id: string[] | undefined
  timestamp: string[] | undefined
}

const names = ['type', 'room', 'correlationId', 'payload', 'id', 'timestamp', 'error', 'reply']

let usual: Layout | undefined

/** Throws INVALID_OPTION. The layout of docs/client.md is one object for all clients. */
export function readLayout(options: unknown): Layout {
  return options === undefined ? (usual ??= layoutOf({})) : layoutOf(options)
}

function layoutOf(options: unknown): Layout {
  const reader = new OptionReader('`routing`', options, names, 'routing.')
  const at = (name: string): string => checkPointer(`routing.${name}`, reader.raw(name) ?? `/${name}`)
  const optional = (name: string): string[] | undefined =>
    reader.raw(name) === false ? undefined : tokens(at(name))
  const reply = reader.raw('reply') ?? 'reply'
  if (reply !== false && (typeof reply !== 'string' || reply === '')) {
    badOption('routing.reply', 'the type of replies, or false', reply)
  }
  const standard = names.every((name) => name === 'reply' || reader.raw(name) === undefined)
  return {
    typeAt: at('type'),
    roomAt: at('room'),
    correlationAt: at('correlationId'),
    payloadAt: at('payload'),
    errorAt: at('error'),
    replyType: reply === false ? '' : reply,
    given: options as RoutingOptions | undefined,
    standard,
    type: tokens(at('type')),
    room: tokens(at('room')),
    correlationId: tokens(at('correlationId')),
    payload: tokens(at('payload')),
    error: tokens(at('error')),
    id: optional('id'),
    timestamp: optional('timestamp'),
  }
}
