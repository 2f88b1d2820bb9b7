// What happens to messages around the queue: throttled and debounced ones are held before it, and those that travel
// together wait behind it. The rules of src/core/client/send_shaper.hpp and send_batch.hpp. Pure.
import type { EngineSend } from '../engine'
import { never } from './never'
import type { SendQueue } from './send-queue'
import type { Message } from './waiting-line'

/** At the bound, the key whose time comes next gives way. */
const mostKeys = 4096

interface Held {
  until: number
  /** The message, and when it was sent. */
  message: EngineSend | undefined
  since: number
}

/** Of each key the latest message, until it is due. */
export class SendShaper {
  replaced = 0
  held = 0
  private readonly keys = new Map<string, Held>()

  constructor(private readonly release: (message: EngineSend, since: number) => void) {}

  /** False: it is to be sent now. */
  offer(message: EngineSend, now: number): boolean {
    const { shape } = message
    if (shape === undefined) return false
    const name = shape.mode[0] + shape.key
    let one = this.keys.get(name)
    if (one === undefined) {
      if (this.keys.size >= mostKeys) this.giveWay()
      this.keys.set(name, (one = { until: -never, message: undefined, since: now }))
    }
    if (shape.mode === 'debounce') {
      one.until = now + shape.every
    } else if (one.message === undefined && one.until <= now) {
      one.until = now + shape.every
      return false
    }
    if (one.message === undefined) this.held++
    else this.replaced++
    one.message = message
    one.since = now
    return true
  }

  /** What is due goes, in the order of its times. */
  run(now: number): void {
    for (const [name, one] of this.due(now)) {
      const again = one.message?.shape?.mode === 'throttle'
      const every = one.message?.shape?.every ?? 0
      this.let(one)
      if (again) one.until = now + every
      else this.keys.delete(name)
    }
  }
  /** All that is held goes, whatever its time. */
  flush(): void {
    for (const [, one] of this.due(never)) this.let(one)
    this.keys.clear()
  }
  /** Gives up all that is held; how many. */
  clear(): number {
    const { held } = this
    this.keys.clear()
    this.held = 0
    return held
  }
  get deadline(): number {
    let next = never
    for (const { until } of this.keys.values()) if (until < next) next = until
    return next
  }
  /** Payload lengths of what is held. */
  *[Symbol.iterator](): Generator<EngineSend> {
    for (const { message } of this.keys.values()) if (message !== undefined) yield message
  }

  private due(now: number): [string, Held][] {
    return [...this.keys].filter(([, { until }]) => until <= now).sort(([, a], [, b]) => a.until - b.until)
  }
  private let(one: Held): void {
    const { message } = one
    if (message === undefined) return
    one.message = undefined
    this.held--
    this.release(message, one.since)
  }
  private giveWay(): void {
    let first: [string, Held] | undefined
    for (const entry of this.keys) if (first === undefined || entry[1].until < first[1].until) first = entry
    if (first === undefined) return
    this.keys.delete(first[0])
    this.let(first[1])
  }
}

export interface BatchSettings {
  /** Messages; below 2: no batches. */
  max: number
  every: number
  /** To servers too that do not speak our protocol. */
  always: boolean
}

/** Of the envelopes of a batch. */
const mostBatchBytes = 64 * 1024

/** When messages that wait for company go, and which go together. Those of high priority wait for nobody. */
export class BatchGate {
  private readonly hurried = [false, false, false]

  constructor(private readonly settings: BatchSettings) {}

  /** A message that will wait. One that cannot, since it travels alone or soon expires, takes the others along. */
  offer({ joinable, priority }: EngineSend, bytes: number, life: number): void {
    if (!joinable || bytes > mostBatchBytes || life <= this.settings.every) this.hurried[priority] = true
  }
  /** Something is to go now. */
  due(queue: SendQueue, now: number): boolean {
    const { max, every } = this.settings
    let any = false
    for (const priority of [0, 1, 2]) {
      const waiting = queue.waitingOf(priority)
      if (waiting === 0) this.hurried[priority] = false
      else if (
        priority === 0 ||
        this.hurried[priority] ||
        waiting >= max ||
        now >= queue.since(priority) + every
      )
        any = true
    }
    return any
  }
  deadline(queue: SendQueue): number {
    // In an empty line nothing has waited since ever.
    return Math.min(...[0, 1, 2].map((priority) => queue.since(priority))) + this.settings.every
  }
  /** Takes out of the queue, and adds to the texts, what goes along with the first. Returns its bytes. */
  gather(queue: SendQueue, first: Message, texts: (string | Uint8Array)[], now: number): number {
    const { joinable, priority } = first.what
    let more = 0
    while (joinable && texts.length < this.settings.max) {
      const next = queue.peek(now)
      if (next?.what.joinable !== true || next.what.priority !== priority) break
      if (first.bytes + more + next.bytes > mostBatchBytes) break
      queue.next(now)
      texts.push(next.what.data)
      more += next.bytes
    }
    return more
  }
}
