// The latest messages, or the latest of each key. Bounded.
import { tokens } from '../client/pointer'
import { valueAt } from '../client/portable/value-at'

export class History<M> {
  count = 0
  latest: M | undefined
  private kept: M[] = []
  private readonly byKey: Map<unknown, M> | undefined
  private readonly path: readonly string[]
  /** What was shown last, while it is true. */
  private shown: readonly M[] | undefined = []

  constructor(
    private readonly limit: number,
    latestBy?: string,
  ) {
    this.path = latestBy === undefined ? [] : tokens(latestBy)
    if (latestBy !== undefined) this.byKey = new Map()
  }

  push(message: M): void {
    this.count++
    this.latest = message
    this.shown = undefined
    if (this.byKey !== undefined) {
      this.byKey.set(valueAt(message, this.path), message)
      if (this.byKey.size <= this.limit) return
      for (const key of this.byKey.keys()) {
        this.byKey.delete(key)
        return
      }
    }
    this.kept.push(message)
    // Cut seldom: a cut costs as much as the list is long.
    if (this.kept.length >= 2 * this.limit + 16) this.kept = this.tail()
  }

  /** The same array until something changes. */
  list(): readonly M[] {
    return (this.shown ??= this.byKey === undefined ? this.tail() : [...this.byKey.values()])
  }
  private tail(): M[] {
    return this.limit === 0 ? [] : this.kept.slice(-this.limit)
  }

  clear(): void {
    this.count = 0
    this.latest = undefined
    this.kept = []
    this.byKey?.clear()
    this.shown = []
  }
}
