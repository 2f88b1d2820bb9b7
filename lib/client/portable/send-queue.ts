// The send queue of a client: every message passes it, between send() and the moment it is done. The rules of
// src/core/client/send_queue.hpp. Pure; times in milliseconds are passed in.
//
//   push ─► lines ── next() ─► in flight ── flushed() ─┬─► done                           (no ack wanted)
//            ▲  ▲                  │                   └─► unacknowledged ─ acknowledged() ─► done
//            │  └── linkLost() ────┘                         │
//            └────── ack timeout, linkLost() ────────────────┘
//
// A message with an ack is sent again until the ack comes, in the old order and under the same id.
import type { EngineSend, QueuedMessage } from '../engine'
import { priorities } from '../priorities'
import { never } from './never'
import { dueAgain } from './retries'
import { Line, type Message, isKept, plain } from './waiting-line'

export interface QueueSettings {
  /** Messages that wait while there is no link. */
  maxMessages: number
  maxBytes: number
  /** As the names of `OverflowPolicy`: drop oldest, drop newest, drop lowest priority, reject. */
  overflow: number
  ackTimeout: number
  retries: number
  /** For messages that bring none; 0: they never expire. */
  ttl: number
}

export type DropReason = 'overflow' | 'expired' | 'failed' | 'cancelled'
export type PushResult = 'accepted' | 'rejected' | 'dropped' | 'duplicate' | 'expired'

export interface QueueEvents {
  /** The kernel took it, or the peer acknowledged it. */
  done(message: Message): void
  dropped(message: Message, why: DropReason): void
}

/** Beside `maxBytes`: bounds what many small messages take. */
const mostMessages = 256 * 1024
/** Expiries are gathered: they come so many milliseconds late at most. */
const grain = 16

export class SendQueue {
  bytes = 0
  /** Without those that are gone and only counted by the link. */
  size = 0
  acks = true
  readonly counters = { dropped: 0, expired: 0, acked: 0, retried: 0 }
  private readonly lines = [new Line(), new Line(), new Line()]
  private flight: Message[] = []
  private unacked = new Set<Message>()
  private readonly ids = new Map<string, Message>()
  private readonly tokens = new Map<number, Message>()
  private order = 0
  /** Not later than the first expiry of what waits. */
  private expiry = never

  constructor(
    private readonly settings: QueueSettings,
    private readonly events: QueueEvents,
  ) {}

  get waiting(): number {
    return this.lines[0].size + this.lines[1].size + this.lines[2].size
  }
  waitingOf(priority: number): number {
    return this.lines[priority].size
  }
  /** Since when the first of that priority waits; Infinity: none does. */
  since(priority: number): number {
    return this.lines[priority].front?.queuedAt ?? never
  }
  get inFlight(): number {
    return this.flight.length + this.unacked.size
  }
  /** Nothing waits, and the kernel has taken what was handed to the link. */
  get flushedAll(): boolean {
    return this.waiting === 0 && this.flight.length === 0
  }

  /** `connected`: `maxMessages` does not hold. Nothing is kept, and no event comes, unless it is 'accepted'. */
  push(
    what: EngineSend,
    bytes: number,
    now: number,
    connected: boolean,
    expiresAt = this.settings.ttl > 0 ? now + this.settings.ttl : never,
    storeKey = 0,
  ): PushResult {
    const kept = isKept(what)
    if ((kept && this.ids.has(what.id)) || (what.token !== 0 && this.tokens.has(what.token)))
      return 'duplicate'
    if (expiresAt <= now) return 'expired'
    if (!this.hasRoom(bytes, connected)) {
      const full = this.makeRoom(what, bytes, now, connected)
      if (full !== undefined) {
        this.counters.dropped++
        return full
      }
    }
    this.add(what, bytes, now, expiresAt, ++this.order, storeKey)
    return 'accepted'
  }

  /** A durable message of an earlier life: it goes before all new ones of its priority. */
  restore(what: EngineSend, bytes: number, now: number, expiresAt: number, storeKey: number): PushResult {
    if (this.ids.has(what.id)) return 'duplicate'
    if (expiresAt <= now) return 'expired'
    if (!this.hasRoom(bytes, true)) return 'rejected'
    // Keys of a store are far below this bound.
    this.add(what, bytes, now, expiresAt, storeKey - 2 ** 52, storeKey)
    return 'accepted'
  }

  private add(
    what: EngineSend,
    bytes: number,
    now: number,
    expiresAt: number,
    order: number,
    storeKey: number,
  ): void {
    const message: Message = {
      what,
      bytes,
      queuedAt: now,
      expiresAt,
      order,
      storeKey,
      attempts: 0,
      timeouts: 0,
      ackDeadline: never,
      gone: false,
      place: 'line',
    }
    this.bytes += bytes
    this.size++
    if (isKept(what)) this.ids.set(what.id, message)
    if (what.token !== 0) this.tokens.set(what.token, message)
    if (expiresAt < this.expiry) this.expiry = expiresAt
    this.lines[what.priority].add(message)
  }

  // ---------------------------------------------------------------------------------------------------- at the bound

  private hasRoom(bytes: number, connected: boolean): boolean {
    const { maxBytes, maxMessages } = this.settings
    return (
      this.bytes + bytes <= maxBytes && this.size < mostMessages && (connected || this.waiting < maxMessages)
    )
  }

  private makeRoom(what: EngineSend, bytes: number, now: number, connected: boolean): PushResult | undefined {
    this.expire(now)
    if (this.hasRoom(bytes, connected)) return undefined
    const { maxBytes, maxMessages, overflow } = this.settings
    // What is acked or durable is never evicted, and never dropped as the newcomer.
    const mayDrop = !isKept(what)
    if (overflow === 3 || bytes > maxBytes) return 'rejected'
    if (overflow === 1) return mayDrop ? 'dropped' : 'rejected'
    let count = Math.max(0, this.size - mostMessages + 1)
    if (!connected) count = Math.max(count, this.waiting - maxMessages + 1)
    let over = this.bytes + bytes - maxBytes
    const victims = this.victims(overflow === 2)
    const chosen: Message[] = []
    for (const victim of victims) {
      if (chosen.length >= count && over <= 0) break
      // The newcomer is the least important of those that may go.
      if (overflow === 2 && victim.what.priority < what.priority) return mayDrop ? 'dropped' : 'rejected'
      chosen.push(victim)
      over -= victim.bytes
    }
    if (chosen.length < count || over > 0) return 'rejected'
    for (const victim of chosen) this.drop(victim, 'overflow')
    return undefined
  }

  /** Who may go, in the order of going: the oldest of all, or those of the lowest priority first. */
  private *victims(byPriority: boolean): Generator<Message> {
    const sources = [2, 1, 0].map((priority) => plain(this.lines[priority]))
    if (byPriority) {
      for (const source of sources) yield* source
      return
    }
    const heads = sources.map((source) => source.next())
    for (;;) {
      let best = -1
      heads.forEach(({ done, value }, i) => {
        if (done !== true && (best < 0 || value.order < (heads[best].value as Message).order)) best = i
      })
      if (best < 0) return
      yield heads[best].value as Message
      heads[best] = sources[best].next()
    }
  }

  // ------------------------------------------------------------------------------------------------------ on the link

  /** What `next` would hand out. */
  peek(now: number): Message | undefined {
    for (const line of this.lines) {
      for (let front = line.front; front !== undefined; front = line.front) {
        if (front.expiresAt > now) return front
        this.drop(front, 'expired')
      }
    }
    return undefined
  }
  /** The message to hand to the link now; it is in flight then. */
  next(now: number): Message | undefined {
    const message = this.peek(now)
    if (message === undefined) return undefined
    this.lines[message.what.priority].shift()
    message.place = 'flight'
    message.attempts++
    this.flight.push(message)
    return message
  }
  /** The kernel took the next `count` messages whole, in the order of `next`. */
  flushed(count: number, now: number): void {
    for (const message of this.flight.splice(0, count)) {
      if (message.gone) continue
      if (message.what.acked && this.acks) {
        message.place = 'unacked'
        message.ackDeadline = now + this.settings.ackTimeout
        this.unacked.add(message)
      } else {
        this.settle(message)
      }
    }
  }
  /** The peer has the message; or will not have it, `by` 0. False: no such message waits for an ack. */
  acknowledged(id: string, by = 1): boolean {
    const message = this.ids.get(id)
    if (message?.what.acked !== true) return false
    this.counters.acked += by
    this.settle(message)
    return true
  }
  /** What was in flight or unacknowledged waits again, in front and in the old order. */
  linkLost(): void {
    const back = [...this.unacked, ...this.flight.filter(({ gone }) => !gone)]
    this.unacked.clear()
    this.flight = []
    this.putBack(back)
  }
  private putBack(messages: Message[]): void {
    for (const message of messages) {
      message.place = 'line'
      if (message.expiresAt < this.expiry) this.expiry = message.expiresAt
    }
    this.lines.forEach((line, priority) => {
      const mine = messages.filter(({ what }) => what.priority === priority)
      if (mine.length > 0) line.putBack(mine)
    })
  }

  /** Expires and retries what is due. */
  onTimer(now: number): void {
    if (now >= this.expiry) this.expire(now)
    if (this.unacked.size > 0) this.retry(now)
  }
  /** When `onTimer` has to be called. */
  get deadline(): number {
    let next = this.expiry === never ? never : Math.ceil(this.expiry / grain) * grain
    for (const { ackDeadline } of this.unacked) {
      next = Math.min(next, ackDeadline)
      break
    }
    return next
  }

  private expire(now: number): void {
    this.expiry = never
    for (const line of this.lines) {
      for (const message of [...line]) {
        if (message.expiresAt <= now) this.drop(message, 'expired')
        else if (message.expiresAt < this.expiry) this.expiry = message.expiresAt
      }
    }
  }

  private retry(now: number): void {
    const { back, spent } = dueAgain(this.unacked, this.settings, now)
    for (const message of spent) this.drop(message, 'failed')
    this.counters.retried += back.length
    this.putBack(back)
  }

  // ----------------------------------------------------------------------------------------------------- giving up

  cancel(token: number): void {
    const message = this.tokens.get(token)
    if (message !== undefined) this.drop(message, 'cancelled')
  }
  /** What is in flight still goes out. */
  clear(): void {
    const all = [...this.lines.flatMap((line) => [...line]), ...this.unacked, ...this.flight]
    for (const message of all) if (!message.gone) this.drop(message, 'cancelled')
  }

  private settle(message: Message): void {
    this.forget(message)
    this.events.done(message)
  }
  private drop(message: Message, why: DropReason): void {
    if (why === 'overflow') this.counters.dropped++
    if (why === 'expired') this.counters.expired++
    this.forget(message)
    this.events.dropped(message, why)
  }
  private forget(message: Message): void {
    const { what, place } = message
    message.gone = true
    this.bytes -= message.bytes
    this.size--
    if (isKept(what)) this.ids.delete(what.id)
    if (what.token !== 0) this.tokens.delete(what.token)
    if (place === 'line') this.lines[what.priority].removed()
    else if (place === 'unacked') this.unacked.delete(message)
  }

  snapshot(now: number, limit: number): QueuedMessage[] {
    const all = [
      ...this.unacked,
      ...this.flight.filter(({ gone }) => !gone),
      ...this.lines.flatMap((line) => [...line]),
    ]
    return all.slice(0, limit).map(({ what, bytes, queuedAt, attempts }) => ({
      id: what.id,
      priority: priorities[what.priority],
      bytes,
      age: Math.max(0, Math.round(now - queuedAt)),
      attempts,
      durable: what.durable,
    }))
  }
}
