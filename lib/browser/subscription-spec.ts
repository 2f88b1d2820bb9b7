// What `subscribe` takes, of which a page checks the type at once and the rest when the part is loaded that evaluates it.
// Takes the place of lib/client/subscription-spec.ts.
import type { RouteSpec } from '../client/engine'
import { any, badOption, read } from './validate'

export type * from '../client/subscription-spec'

/** Throws INVALID_OPTION naming what is wrong. */
export function checkPattern(name: string, value: unknown): string {
  const fits =
    typeof value === 'string' &&
    new TextEncoder().encode(value).length <= 128 &&
    /^(?:\*|[^*]+\.\*|[^*]+)$/.test(value)
  return fits ? value : badOption(name, "a message type, a prefix such as 'chat.*', or '*'", value)
}

const checks = { type: any, where: any, sample: any, conflate: any, batch: any, columns: any }

export function readSpec(spec: unknown): RouteSpec {
  const { type, batch, ...more } = read(spec, checks)
  const pattern = checkPattern('type', type)
  if (Object.values({ ...more, batch: batch || undefined }).every((one) => one === undefined))
    return { pattern }
  const columns = Object.keys(more.columns ?? {}).map((name) => ({ name, pointer: '' }))
  return { pattern, columns, raw: { ...(spec as object) } }
}
