// What the users of a pool asked for: one URL, or several with a strategy. The core keeps a record of each, so those that
// nobody waits for make room for new ones.
import type { NativePool } from '../../types/native'
import { parseTarget } from '../core/client-url'
import { badArgument } from '../core/validate'
import { mostEndpoints } from './shared-options'

/** So many are remembered; those that somebody waits for stay beyond it, and `maxWaiters` bounds them. */
export const keptTargets = 1024

interface Target {
  readonly key: string
  readonly id: number
  waiters: number
}

export class PoolTargets {
  /** The one asked for longest ago first. */
  private readonly byKey = new Map<string, Target>()
  private readonly ofUser = new Map<number, Target>()

  constructor(
    private readonly core: NativePool,
    private readonly strategy: number,
  ) {}

  get size(): number {
    return this.byKey.size
  }

  /** Throws INVALID_URL, INVALID_ARGUMENT. */
  find(url: string | URL | readonly (string | URL)[]): Target {
    const list = Array.isArray(url) ? (url as (string | URL)[]) : [url as string | URL]
    if (list.length === 0 || list.length > mostEndpoints) {
      badArgument('url', `a URL, or 1 to ${mostEndpoints} of them`, url)
    }
    const targets = list.map((one) => parseTarget(one))
    const hrefs = targets.map(({ href }) => href)
    const key = hrefs.join(' ')
    let target = this.byKey.get(key)
    if (target === undefined) {
      const hosts = targets.map(({ host, port, unixPath }) =>
        unixPath === '' ? `${host}:${port}` : unixPath,
      )
      target = { key, id: this.core.addTarget(hrefs, hosts, this.strategy)[0], waiters: 0 }
    } else {
      this.byKey.delete(key)
    }
    this.byKey.set(key, target)
    return target
  }

  /** A user waits for a target. */
  enter(user: number, target: Target): void {
    target.waiters++
    this.ofUser.set(user, target)
  }
  /** It was served, refused, or has left. */
  leave(user: number): void {
    const target = this.ofUser.get(user)
    if (target === undefined) return
    this.ofUser.delete(user)
    target.waiters--
  }

  /** Forgets the targets above the bound that nobody waits for, so that no user is refused by it. */
  trim(now: number): void {
    if (this.byKey.size <= keptTargets) return
    for (const target of this.byKey.values()) {
      if (target.waiters > 0) continue
      this.byKey.delete(target.key)
      this.core.removeTarget(now, target.id)
      if (this.byKey.size <= keptTargets) return
    }
  }
}
