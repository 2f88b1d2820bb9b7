// What may be said of a message on its way out, and how it is checked.
import { HawserTypeError } from '../core/error'
import { OptionReader, badOption } from '../core/validate'
import { checkType } from './check-type'
import type { EngineSend } from './engine'
import { type Priority, priorities } from './priorities'
import { checkTime } from './pending'
import { type ShapeOptions, readShape, shapeNames } from './send-shape'

export interface ClientSendOptions extends ShapeOptions {
  /** Default 'normal'. */
  priority?: Priority
  /** Milliseconds that the message may wait; default `queue.ttl`. */
  ttl?: number
  room?: string
  correlationId?: string
  compress?: boolean
}
export interface ClientSendPromised extends Omit<ClientSendOptions, keyof ShapeOptions> {
  /** Resolve when the server has acknowledged the message; it is sent again until then. */
  ack?: boolean
  /** Resolve when the message is safe in the store; it survives the end of the process. */
  durable?: boolean
  signal?: AbortSignal
}
export interface RequestOptions {
  /** Milliseconds; default `requestTimeout`. */
  timeout?: number
  signal?: AbortSignal
  priority?: Priority
  room?: string
}

const sendNames = [
  'priority',
  'ttl',
  'room',
  'correlationId',
  'compress',
  'ack',
  'durable',
  'signal',
  ...shapeNames,
]
const requestNames = ['timeout', 'signal', 'priority', 'room']

export interface CheckedSend {
  ack: boolean
  durable: boolean
  signal: AbortSignal | undefined
  room: string | undefined
  correlationId: string | undefined
  message: Pick<EngineSend, 'priority' | 'ttl' | 'compress' | 'shape'>
}

/** `store`: the client has one. Throws INVALID_OPTION, INVALID_ARGUMENT. */
export function readSend(
  type: string,
  options: ClientSendOptions & ClientSendPromised,
  store: boolean,
): CheckedSend {
  checkType(type)
  const reader = new OptionReader('`send`', options, sendNames)
  const ack = reader.boolean('ack', false)
  const durable = reader.boolean('durable', false)
  if (durable && !store) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      'Option `durable` needs a file: give `queue.store` to the client',
    )
  }
  const ttl = reader.raw('ttl')
  return {
    ack,
    durable,
    signal: readSignal(reader.raw('signal')),
    room: reader.has('room') ? reader.string('room') : undefined,
    correlationId: reader.has('correlationId') ? reader.string('correlationId') : undefined,
    message: {
      priority: priorities.indexOf(reader.oneOf('priority', priorities, 'normal')),
      ttl: ttl === undefined ? 0 : checkTime('ttl', ttl, 0),
      compress: reader.boolean('compress', true),
      shape: readShape(reader, type, ack || durable),
    },
  }
}

export interface CheckedRequest {
  signal: AbortSignal | undefined
  room: string | undefined
  priority: number
  requestTimeout: number
}

/** Throws INVALID_OPTION. */
export function readRequest(options: RequestOptions, requestTimeout: number): CheckedRequest {
  const reader = new OptionReader('`request`', options, requestNames)
  return {
    signal: readSignal(reader.raw('signal')),
    room: reader.has('room') ? reader.string('room') : undefined,
    priority: priorities.indexOf(reader.oneOf('priority', priorities, 'normal')),
    requestTimeout: checkTime('timeout', reader.raw('timeout'), requestTimeout),
  }
}

function readSignal(value: unknown): AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) badOption('signal', 'an AbortSignal', value)
  return value
}
