// What may be said of a message on its way out. Takes the place of lib/client/client-send.ts.
import { checkType } from '../client/check-type'
import type { CheckedRequest, CheckedSend } from '../client/client-send'
import type { SendShape } from '../client/engine'
import { priorities } from '../client/priorities'
import { badOption, checkOf, choice, flag, read, text, whole } from './validate'

export type * from '../client/client-send'

const words = checkOf((value) => typeof value === 'string', 'a string')
/** Milliseconds, of which so many are usual for `true`; 0 where it is not asked for. */
const interval =
  (usual: number) =>
  (value: unknown, name: string): number =>
    value === undefined || value === false
      ? 0
      : whole(usual, 1, 60_000)(value === true ? undefined : value, name)

const asked = {
  priority: choice(priorities, 1),
  room: words,
  signal: checkOf((value) => value instanceof AbortSignal, 'an AbortSignal'),
}
const sent = {
  ...asked,
  ttl: whole(0),
  correlationId: words,
  compress: flag(true),
  ack: flag(false),
  durable: flag(false),
  throttle: interval(50),
  debounce: interval(300),
}

/** `store`: the client has one. Throws INVALID_OPTION, INVALID_ARGUMENT. */
export function readSend(type: string, options: unknown, store: boolean): CheckedSend {
  checkType(type)
  const given = read(options, { ...sent, key: text(type, 128) })
  const { ack, durable, throttle, debounce, key, priority, ttl, compress } = given
  const every = throttle + debounce
  const mode = throttle > 0 ? 'throttle' : 'debounce'
  if (durable && !store) badOption('durable', 'left out, as the client has no `queue.store`', durable)
  if (throttle > 0 && debounce > 0) badOption('debounce', 'left out: `throttle` excludes it', debounce)
  if (every > 0 && (ack || durable)) badOption(mode, 'left out beside `ack` or `durable`', every)
  if (every === 0 && (options as { key?: string }).key !== undefined)
    badOption('key', 'left out without `throttle` or `debounce`', key)
  const shape: SendShape | undefined = every > 0 ? { mode, every, key } : undefined
  return { ...(given as unknown as CheckedSend), message: { priority, ttl, compress, shape } }
}

/** Throws INVALID_OPTION. */
export function readRequest(options: unknown, requestTimeout: number): CheckedRequest {
  const { timeout, ...given } = read(options, { ...asked, timeout: whole(requestTimeout) })
  return { ...given, requestTimeout: timeout } as CheckedRequest
}
