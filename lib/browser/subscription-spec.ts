// What `subscribe` takes, of which a page checks the type at once and the rest when the part is loaded that evaluates it.
// Takes the place of lib/client/subscription-spec.ts.
import type { RouteSpec } from '../client/engine'
import { sizeOf } from '../client/portable/size'
import { any, badOption, read } from './validate'

export type * from '../client/subscription-spec'

/** Throws INVALID_OPTION naming what is wrong. */
export function checkPattern(name: string, value: unknown): string {
  const fits = typeof value === 'string' && sizeOf(value) <= 128 && /^(?:\*|[^*]+(?:\.\*)?)$/.test(value)
  return fits ? value : badOption(name, "a message type, a prefix such as 'chat.*', or '*'", value)
}

const checks = { type: any, where: any, sample: any, conflate: any, batch: any, columns: any, frames: any }

export function readSpec(spec: unknown): RouteSpec {
  const { type, batch, frames, ...more } = read(spec, checks) as Record<string, unknown> & { frames?: true }
  const pattern = checkPattern('type', type)
  const plain = !batch && Object.values(more).every((one) => one === undefined)
  return { pattern, frames, raw: plain ? undefined : { ...(spec as object) } }
}
