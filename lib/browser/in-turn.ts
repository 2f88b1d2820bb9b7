// What the program asks of a part of the client before it is loaded: a step in its turn among the calls.
import type { ClientBody } from '../client/client-body'
import type { HawserError } from '../core/error'
import { aborted, settlementError } from '../client/endings'
import type { Waiting } from '../client/portable/loading'
import type { PartName } from '../client/portable/parts'

/**
 * False: more waits than `highWaterMark`. Throws where the engine takes no more.
 * @param failed hears what the step throws; usually it is an error of the client
 */
export function take<T>(
  body: ClientBody,
  name: PartName,
  step: () => T | Promise<T>,
  how: Waiting,
  failed = (error: unknown): void => body.fail(error as HawserError),
  done?: (value: T) => void,
): boolean {
  const run = (): void => void new Promise<T>((taken) => taken(step())).then(done, failed)
  const taken = body.engine.later?.(name, run, how)
  if (taken === 'full') throw body.refusal()
  return taken !== false
}

/**
 * What comes of a step. Also where the part never comes, the end of the client settles it.
 * @param given its `signal`, if it is one: who takes the step looks at it again
 */
export async function promised<T>(
  body: ClientBody,
  name: PartName,
  what: string,
  step: () => T | Promise<T>,
  how?: Waiting,
  given?: unknown,
): Promise<T> {
  const signal = given instanceof AbortSignal ? given : undefined
  if (signal?.aborted === true) throw aborted(what, signal)
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(aborted(what, signal as AbortSignal))
    signal?.addEventListener('abort', abort)
    const run = (): T | Promise<T> => {
      signal?.removeEventListener('abort', abort)
      return step()
    }
    const over: Waiting['over'] = (why) => reject(settlementError(what, why))
    take(body, name, run, { ...how, over }, reject, resolve)
  })
}
