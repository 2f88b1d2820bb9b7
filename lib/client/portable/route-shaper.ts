// The way of a message from the route that it matched to the handler's call: sampled, conflated, batched, in this order.
import { columnBatch } from '../column-batch'
import type { RouteSpec } from '../engine'
import type { ColumnBatch } from '../message-router'
import { tokens } from '../pointer'
import { valueAt } from './value-at'
import { Batch, Conflater, type Item, Sampler, never } from './stages'

/** Where messages come out. Called inside `take`, `run` and `flush`. */
export interface PortableOutput {
  /** One message for all of these routes. */
  message(routes: readonly number[], message: unknown): void
  batch(route: number, messages: unknown[] | ColumnBatch): void
}

/** Bytes that a route may hold; each bound may be exceeded by one message. */
export interface ShaperLimits {
  conflateBytes: number
  batchBytes: number
}
export const shaperLimits: ShaperLimits = { conflateBytes: 16 << 20, batchBytes: 1 << 20 }

export interface ShaperCounters {
  /** Replaced by a later message of their key. */
  conflated: number
  /** Left out by sampling. */
  sampledOut: number
  /** Values of columns that were no numbers. */
  notNumbers: number
}

export class RouteShaper {
  private readonly sampler: Sampler | undefined
  private readonly conflater: Conflater | undefined
  private readonly gathered: Batch | undefined
  private readonly key: string[] | undefined
  private readonly columns: string[][] | undefined

  constructor(
    private readonly route: number,
    private readonly spec: RouteSpec,
    private readonly output: PortableOutput,
    /** Of all shapers together. */
    private readonly counters: ShaperCounters,
    limits: ShaperLimits = shaperLimits,
  ) {
    if (spec.sample !== undefined) this.sampler = new Sampler(spec.sample)
    if (spec.conflate !== undefined) {
      this.conflater = new Conflater(spec.conflate, limits.conflateBytes)
      this.key = tokens(spec.conflate.key)
    }
    if (spec.columns !== undefined && spec.columns.length > 0) {
      this.columns = spec.columns.map(({ pointer }) => tokens(pointer))
    }
    if (spec.batch !== undefined) {
      this.gathered = new Batch(spec.batch, this.columns?.length ?? 0, limits.batchBytes)
    }
  }

  /** Takes a message in; what was due before it goes first. */
  take(message: unknown, bytes: number, now: number): void {
    this.run(now)
    const item = this.itemOf(message, bytes)
    if (this.sampler === undefined) {
      this.pass(item, now)
      return
    }
    const another = this.sampler.waiting !== undefined
    const verdict = this.sampler.take(item, now)
    if (verdict === 'pass') this.pass(item, now)
    else if (verdict === 'drop' || another) this.counters.sampledOut++
  }

  /** When `run` has something to do; Infinity: nothing waits. */
  get deadline(): number {
    return Math.min(this.sampler?.due ?? never, this.conflater?.due ?? never, this.gathered?.due ?? never)
  }

  /** Sends what is due, in the order of its times; at one time the first stage goes first. */
  run(now: number): void {
    for (let due = this.deadline; due <= now; due = this.deadline) {
      if (due === this.sampler?.due) this.sendWaiting(due)
      else if (due === this.conflater?.due) this.sendKey(due)
      else this.sendBatch()
    }
  }

  /** Sends all that is held, due or not. */
  flush(now: number): void {
    this.run(now)
    this.sendWaiting(now)
    while ((this.conflater?.size ?? 0) > 0) this.sendKey(now)
    this.sendBatch()
  }

  private itemOf(message: unknown, bytes: number): Item {
    const row = this.columns?.map((path) => {
      const value = valueAt(message, path)
      return typeof value === 'number' ? value : NaN
    })
    let key: unknown
    if (this.key !== undefined) {
      const value = valueAt(message, this.key)
      // An array or an object is no key; a Map tells the others apart as the core does.
      key = value !== null && typeof value === 'object' ? undefined : value
    }
    return row === undefined
      ? { message, row, key, bytes }
      : { message: undefined, row, key, bytes: row.length * 8 }
  }

  private pass(item: Item, now: number): void {
    const { conflater } = this
    if (conflater === undefined) {
      this.offer(item, now)
      return
    }
    if (conflater.put(item, now)) this.counters.conflated++
    while (conflater.full) this.sendKey(now)
  }

  private sendWaiting(now: number): void {
    const item = this.sampler?.release()
    if (item !== undefined) this.pass(item, now)
  }
  private sendKey(now: number): void {
    const item = this.conflater?.shift()
    if (item !== undefined) this.offer(item, now)
  }

  private offer(item: Item, now: number): void {
    const { gathered } = this
    if (gathered === undefined) {
      this.output.message([this.route], item.message)
      return
    }
    if (gathered.crowdedBy(item)) this.sendBatch()
    gathered.add(item, now)
    if (gathered.full) this.sendBatch()
  }

  private sendBatch(): void {
    const items = this.gathered?.release() ?? []
    if (items.length === 0) return
    if (this.columns === undefined) {
      this.output.batch(
        this.route,
        items.map(({ message }) => message),
      )
      return
    }
    const rows = items.length
    const values = new Float64Array(rows * this.columns.length)
    let missing = 0
    items.forEach(({ row = [] }, at) => {
      row.forEach((value, column) => {
        values[column * rows + at] = value
        if (Number.isNaN(value)) missing++
      })
    })
    this.counters.notNumbers += missing
    this.output.batch(this.route, columnBatch(this.spec.columns ?? [], rows, values, missing))
  }
}
