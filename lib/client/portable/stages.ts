// The stages that hold messages: who waits for the end of an interval, the latest of each key, batches. Times are passed
// in; the rules are those of src/core/router, but for back-pressure, of which a call of a handler knows none.
import type { RouteSpec } from '../engine'

/** A message on its way through the stages of a route. */
export interface Item {
  /** Of a route with columns undefined: only its numbers travel. */
  readonly message: unknown
  readonly row: readonly number[] | undefined
  readonly key: unknown
  /** About what it takes. */
  readonly bytes: number
}

export const never = Infinity

/** Which messages pass at once, which one waits, which are dropped. */
export class Sampler {
  waiting: Item | undefined
  due = never
  private mark: number | undefined

  constructor(private readonly spec: NonNullable<RouteSpec['sample']>) {}

  take(item: Item, now: number): 'pass' | 'wait' | 'drop' {
    const { mode, every } = this.spec
    if (mode === 'throttle') {
      if (this.mark !== undefined && now < this.mark) return 'drop'
      this.mark = now + every
      return 'pass'
    }
    if (mode === 'debounce') {
      this.due = now + every
    } else if (this.waiting === undefined) {
      // The intervals follow each other from the first message on.
      const mark = this.mark ?? now
      this.mark = mark + (Math.floor((now - mark) / every) + 1) * every
      this.due = this.mark
    }
    this.waiting = item
    return 'wait'
  }

  release(): Item | undefined {
    const item = this.waiting
    this.waiting = undefined
    this.due = never
    return item
  }
}

/** The latest message of each key, in the order in which the keys came. */
export class Conflater {
  private readonly held = new Map<unknown, { item: Item; due: number }>()
  private bytes = 0
  private readonly every: number
  private readonly maxKeys: number

  constructor(
    spec: NonNullable<RouteSpec['conflate']>,
    private readonly maxBytes: number,
  ) {
    this.every = spec.every
    this.maxKeys = spec.maxKeys ?? 10_000
  }

  get size(): number {
    return this.held.size
  }
  /** The keys that are due first have to go, early or not. */
  get full(): boolean {
    return this.held.size > this.maxKeys || this.bytes > this.maxBytes
  }
  get due(): number {
    for (const { due } of this.held.values()) return due
    return never
  }

  /** True: an older message of the key is gone for it. */
  put(item: Item, now: number): boolean {
    const old = this.held.get(item.key)
    this.bytes += item.bytes
    if (old === undefined) {
      this.held.set(item.key, { item, due: now + this.every })
      return false
    }
    this.bytes -= old.item.bytes
    old.item = item
    return true
  }

  shift(): Item | undefined {
    for (const [key, { item }] of this.held) {
      this.held.delete(key)
      this.bytes -= item.bytes
      return item
    }
    return undefined
  }
}

/** What a message weighs in a batch beside its own bytes: as in the core. */
const overhead = 5

/** Messages, or rows of numbers, gathered for one call. */
export class Batch {
  items: Item[] = []
  due = never
  private weight = 1
  private readonly max: number

  constructor(
    private readonly spec: NonNullable<RouteSpec['batch']>,
    columns: number,
    private readonly maxBytes: number,
  ) {
    this.max =
      columns === 0 ? spec.max : Math.min(spec.max, Math.max(1, Math.floor(maxBytes / (columns * 8))))
  }

  get full(): boolean {
    return this.items.length >= this.max || this.weight >= this.maxBytes
  }
  /** The item should find an empty batch. */
  crowdedBy(item: Item): boolean {
    return (
      item.row === undefined && this.items.length > 0 && this.weight + item.bytes + overhead > this.maxBytes
    )
  }
  add(item: Item, now: number): void {
    if (this.items.length === 0) this.due = now + this.spec.every
    this.items.push(item)
    if (item.row === undefined) this.weight += item.bytes + overhead
  }
  release(): Item[] {
    const { items } = this
    this.items = []
    this.due = never
    this.weight = 1
    return items
  }
}
