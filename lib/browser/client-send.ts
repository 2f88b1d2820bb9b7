// What may be said of a message on its way out. Takes the place of lib/client/client-send.ts.
import { checkType } from '../client/check-type'
import type { CheckedRequest, CheckedSend } from '../client/client-send'
import { type SendShape, priorities } from '../client/engine'
import { HawserTypeError } from '../core/error'
import { type Check, badOption, choice, flag, read, text, whole } from './validate'

export type * from '../client/client-send'

const words: Check = (value, name) =>
  value === undefined || typeof value === 'string' ? value : badOption(name, 'a string', value)
const time = (usual: number): ((value: unknown, name: string) => number) => {
  const check = whole(usual, 1, 0x7fffffff)
  return (value, name) => (value === undefined ? usual : check(value, name))
}
const interval =
  (usual: number) =>
  (value: unknown, name: string): number =>
    value === undefined || value === false ? 0 : whole(usual, 1, 60_000)(value === true ? usual : value, name)

const asked = {
  priority: choice(priorities, 1),
  room: words,
  signal: (value: unknown, name: string) =>
    value === undefined || value instanceof AbortSignal ? value : badOption(name, 'an AbortSignal', value),
}
const sent = {
  ...asked,
  ttl: time(0),
  correlationId: words,
  compress: flag(true),
  ack: flag(false),
  durable: flag(false),
  throttle: interval(50),
  debounce: interval(300),
  key: text('', 128),
}

/** `store`: the client has one. Throws INVALID_OPTION, INVALID_ARGUMENT. */
export function readSend(type: string, options: unknown, store: boolean): CheckedSend {
  checkType(type)
  const given = read(options, { ...sent, key: text(type, 128) })
  const { ack, durable, throttle, debounce, key, priority, ttl, compress } = given
  const every = throttle + debounce
  const refused =
    durable && !store
      ? '`durable` needs the option `queue.store` of the client'
      : throttle > 0 && debounce > 0
        ? '`throttle` and `debounce` exclude each other'
        : every > 0 && (ack || durable)
          ? '`throttle` and `debounce` cannot be combined with `ack` or `durable`'
          : every === 0 && (options as { key?: string }).key !== undefined
            ? '`key` needs `throttle` or `debounce`'
            : ''
  if (refused !== '') throw new HawserTypeError('INVALID_OPTION', `Option ${refused}`)
  const shape: SendShape | undefined =
    every > 0 ? { mode: throttle > 0 ? 'throttle' : 'debounce', every, key } : undefined
  return { ...(given as unknown as CheckedSend), message: { priority, ttl, compress, shape } }
}

/** Throws INVALID_OPTION. */
export function readRequest(options: unknown, requestTimeout: number): CheckedRequest {
  const { timeout, ...given } = read(options, { ...asked, timeout: time(requestTimeout) })
  return { ...given, requestTimeout: timeout } as CheckedRequest
}
