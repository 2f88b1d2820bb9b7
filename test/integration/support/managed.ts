// Managed clients and pools for tests: made in a scope that ends them, with every change of state kept.
import {
  type ClientStateName,
  type ConnectionInfo,
  type HawserError,
  type ManagedClientOptions,
  type PoolOptions,
  WebSocketClient,
  WebSocketPool,
} from '../../../lib'
import { Scope } from '../../support/scope'
import { untilTold, within } from '../../support/waiters'
import { FarEnd, type FarOptions } from './far-end'

/** Delays short enough for a test, and a count of attempts that starts anew with each connection. */
export const brisk = { minDelay: 10, maxDelay: 40, minUptime: 0 } as const

/** What carries the clients of the tests: the native core, or with a constructor the portable engine. */
export const carrier: Pick<ManagedClientOptions, 'WebSocket'> = {}

/** One change of state. */
export type Change = ConnectionInfo

export class Watched {
  readonly changes: Change[] = []
  readonly errors: HawserError[] = []
  private readonly watchers = new Set<() => void>()

  constructor(readonly client: WebSocketClient) {
    client.on('state', (_state, info) => {
      this.changes.push(info)
      this.tell()
    })
    client.on('error', (error) => {
      this.errors.push(error)
      this.tell()
    })
  }

  /** The states passed through; several attempts in a row are one `reconnecting`. */
  get states(): ClientStateName[] {
    const all = this.changes.map(({ state }) => state)
    return all.filter((state, i) => state !== 'reconnecting' || all[i - 1] !== 'reconnecting')
  }
  get codes(): string[] {
    return this.errors.map(({ code }) => code)
  }
  last(state: ClientStateName): Change | undefined {
    return this.changes.findLast((change) => change.state === state)
  }
  times(state: ClientStateName): number {
    return this.states.filter((one) => one === state).length
  }

  async until(met: () => boolean, label: string): Promise<void> {
    const seen = (): string =>
      `states: ${this.states.join(', ')}; errors: ${this.errors.map(String).join('; ')}`
    await untilTold(this.watchers, met, label, seen)
  }
  /** Waits until the client has been in a state so often, from its making on. */
  reached(state: ClientStateName, times = 1): Promise<void> {
    return this.until(() => this.times(state) >= times, `state ${state} for the ${times}. time`)
  }
  failedWith(code: string): Promise<void> {
    return this.until(() => this.codes.includes(code), `error ${code}`)
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher()
  }
}

type Options = Omit<Partial<ManagedClientOptions>, 'url'>

export class ManagedScope extends Scope {
  async far(options?: FarOptions): Promise<FarEnd> {
    return this.keep(await FarEnd.start(options))
  }
  async farDown(options?: FarOptions): Promise<FarEnd> {
    return this.keep(await FarEnd.down(options))
  }
  private keep(far: FarEnd): FarEnd {
    this.defer(() => far.stop())
    return far
  }

  /** A client of one far end or of several; not connected yet. */
  managed(to: FarEnd | string | (FarEnd | string)[], options: Options = {}): Watched {
    const urls = (Array.isArray(to) ? to : [to]).map((one) => (typeof one === 'string' ? one : one.url))
    const client = new WebSocketClient({ reconnect: brisk, ...carrier, ...options, url: urls })
    this.defer(() => client.close())
    return new Watched(client)
  }

  async connected(to: FarEnd | string | (FarEnd | string)[], options?: Options): Promise<Watched> {
    const before = to instanceof FarEnd ? to.accepted : 0
    const watched = this.managed(to, options)
    await within(watched.client.connect(), 'connect()')
    // The client may have heard of it before the far end.
    if (to instanceof FarEnd) await to.connections(before + 1)
    return watched
  }

  pool(options: PoolOptions = {}): WebSocketPool {
    const pool = new WebSocketPool({ ...options, client: { reconnect: brisk, ...options.client } })
    this.defer(() => pool.close())
    return pool
  }
}

/** A scope per test. */
export function useManaged(): ManagedScope {
  const scope = new ManagedScope()
  afterEach(() => scope.close())
  return scope
}

/** The error that a promise is rejected with; fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<HawserError & Record<string, unknown>> {
  const outcome = await within(
    promise.then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    ),
    'settled promise',
  )
  if (outcome.error === undefined) throw new Error(`resolved with ${JSON.stringify(outcome.value)}`)
  return outcome.error as HawserError & Record<string, unknown>
}

/** How a promise ended: 'resolved', or the code of its error. */
export function fate(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (error as HawserError).code,
  )
}
