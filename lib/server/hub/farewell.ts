// How a hub ends: its peers are told to go elsewhere, spread over a time, each once its messages are handled.
import { defaults } from '../../core/defaults'
import { badOption, checkNumber, OptionReader } from '../../core/validate'
import type { HubConnection } from './hub-connection'

/** Options of `hub.close()`. */
export interface HubCloseOptions {
  /** Milliseconds, behind the spread, for handlers, for what waits to be sent, and for answers. Default 10000. */
  timeout?: number
  /** Milliseconds over which the goodbyes are spread, so that peers do not all come to the others at once. Default 0. */
  spread?: number
  /** 1001: the hub ends. 1012: it is restarted. Default 1001. */
  code?: 1001 | 1012
  /** At most 123 bytes. Default: none. */
  reason?: string
  /**
   * True: go on listening until the end, and answer new peers 503 with `Retry-After`, as the health page. False: no
   * longer listen. Default false. With an http server of Node's, which listens itself, new peers are always answered.
   */
  refuse?: boolean
}
export type CheckedHubClose = Required<HubCloseOptions>

/** Throws INVALID_OPTION. */
export function readHubClose(options: unknown): CheckedHubClose {
  const reader = new OptionReader('`close`', options, ['timeout', 'spread', 'code', 'reason', 'refuse'])
  const code = reader.raw('code') ?? 1001
  if (code !== 1001 && code !== 1012) badOption('code', '1001 or 1012', code)
  const reason = reader.string('reason')
  if (Buffer.byteLength(reason) > 123) badOption('reason', 'a string of at most 123 bytes', reason)
  return {
    timeout: checkNumber('timeout', defaults['close.timeout'], reader.raw('timeout')),
    spread: checkNumber('spread', defaults['close.spread'], reader.raw('spread')),
    code,
    reason,
    refuse: reader.boolean('refuse', false),
  }
}

/** How many of `total` have been told after `elapsed` of `spread` milliseconds. */
export function toldBy(elapsed: number, spread: number, total: number): number {
  if (elapsed >= spread) return total
  return Math.min(total, Math.floor((elapsed / spread) * total) + 1)
}

/** Milliseconds between two looks at the clock: short enough that few are told at once. */
function pace(spread: number, total: number): number {
  return Math.min(Math.max(spread / Math.max(total, 1), 10), 250)
}

export class Farewell {
  /** Told to go, as soon as their handlers are done. */
  private readonly busy = new Set<HubConnection>()
  private wake: (() => void) | undefined
  private hurried = false

  constructor(
    private readonly connections: ReadonlySet<HubConnection>,
    private readonly options: CheckedHubClose,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Tells all. Resolves, when nobody is busy or the time is over, with the milliseconds that are left. */
  async run(): Promise<number> {
    const { spread, timeout } = this.options
    const all = [...this.connections]
    const begun = this.now()
    for (let told = 0; told < all.length;) {
      const due = this.hurried ? all.length : toldBy(this.now() - begun, spread, all.length)
      for (; told < due; told++) this.dismiss(all[told])
      if (told < all.length && this.connections.size > 0) await this.wait(pace(spread, all.length))
      else break
    }
    const deadline = this.now() + timeout
    while (this.busy.size > 0 && this.now() < deadline) await this.wait(deadline - this.now())
    return Math.max(0, Math.ceil(deadline - this.now()))
  }

  /** Spreads no longer. */
  hurry(): void {
    this.hurried = true
    this.wake?.()
  }

  /** Whether an answer would not reach this connection any more. */
  without(connection: HubConnection): boolean {
    return connection.socket.readyState !== 1 || this.busy.has(connection)
  }

  /** A connection is to go; who comes while the hub ends at once. */
  dismiss(connection: HubConnection): void {
    if (connection.idle) connection.close(this.options.code, this.options.reason)
    else this.busy.add(connection)
  }

  /** Its handlers may be done, or it has ended. */
  settled(connection: HubConnection): void {
    if (!this.busy.has(connection) || !(connection.idle || connection.gone)) return
    this.busy.delete(connection)
    connection.close(this.options.code, this.options.reason)
    if (this.busy.size === 0) this.wake?.()
  }

  private async wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(milliseconds))
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.wake = undefined
  }
}
