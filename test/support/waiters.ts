// Event-driven waits. The deadline only turns a hang into a named failure; nothing is ever asserted about time.
import type { EventEmitter } from 'node:events'

/** Far beyond what anything takes on a slow machine with much else to do, and below the limit of Jest. */
export const DEADLINE = 20_000

/** Rejects with `label` when `promise` is still pending after `ms` milliseconds. */
export function within<T>(promise: Promise<T>, label: string, ms = DEADLINE): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${label} within ${ms} ms`)), ms)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}

/** Resolves once `met()`: asked now, and whenever one of `watchers` is called. `seen` says what came instead. */
export async function untilTold(
  watchers: Set<() => void>,
  met: () => boolean,
  label: string,
  seen: () => string,
): Promise<void> {
  let watch = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    watch = () => {
      if (met()) resolve()
    }
    watchers.add(watch)
    watch()
  })
  try {
    await within(reached, label)
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${seen()}`, { cause: error })
  } finally {
    watchers.delete(watch)
  }
}

type Emitter = Pick<EventEmitter, 'on' | 'once' | 'removeListener'>

/** All arguments of the next `name` event. Unlike node:events `once`, an `error` event does not reject. */
export function event<T extends unknown[] = unknown[]>(
  emitter: unknown,
  name: string,
  ms = DEADLINE,
): Promise<T> {
  const source = emitter as Emitter
  let listener: (...args: unknown[]) => void = () => {}
  const promise = new Promise<T>((resolve) => {
    listener = (...args) => resolve(args as T)
    source.once(name, listener)
  })
  return within(promise, `'${name}' event`, ms).finally(() => source.removeListener(name, listener))
}

/** The first `count` occurrences of `name`, each as its argument list. */
export function events<T extends unknown[] = unknown[]>(
  emitter: unknown,
  name: string,
  count: number,
  ms = DEADLINE,
): Promise<T[]> {
  const source = emitter as Emitter
  const seen: T[] = []
  let listener: (...args: unknown[]) => void = () => {}
  const promise = new Promise<T[]>((resolve) => {
    listener = (...args) => {
      seen.push(args as T)
      if (seen.length === count) resolve(seen)
    }
    if (count === 0) resolve(seen)
    else source.on(name, listener)
  })
  return within(promise, `${count} '${name}' events`, ms)
    .catch((error: unknown) => {
      throw new Error(`${String(error)} (${seen.length} came)`, { cause: error })
    })
    .finally(() => source.removeListener(name, listener))
}

/** Counts `name` events from now on. */
export function counter(emitter: unknown, name: string): { readonly calls: unknown[][] } {
  const calls: unknown[][] = []
  ;(emitter as Emitter).on(name, (...args: unknown[]) => calls.push(args))
  return { calls }
}

/** Settles after `turns` complete turns of the event loop: enough for anything already queued to run. */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Settles once `holds`, which is asked in each turn of the event loop: for states that no event tells of. */
export async function until(holds: () => boolean, ms = DEADLINE): Promise<void> {
  let given = true
  const met = (async () => {
    while (given && !holds()) await turns(1)
  })()
  await within(met, `turn in which ${holds.toString()}`, ms).finally(() => (given = false))
}

export interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

export function deferred<T = void>(): Deferred<T> {
  const out = {} as Deferred<T>
  out.promise = new Promise<T>((resolve, reject) => {
    out.resolve = resolve
    out.reject = reject
  })
  return out
}

/** Runs `fn`, which takes a Node style callback, and resolves with the error handed to it (or undefined). */
export function callback(
  fn: (cb: (error?: Error | null) => void) => void,
  ms = DEADLINE,
): Promise<Error | undefined> {
  return within(
    new Promise<Error | undefined>((resolve) => fn((error) => resolve(error ?? undefined))),
    'callback',
    ms,
  )
}

/** The error `fn` throws, or undefined. */
export function thrown(fn: () => unknown): (Error & { code?: string }) | undefined {
  try {
    fn()
  } catch (error) {
    return error as Error
  }
  return undefined
}
