// What a client sends: the queue and what happens around it, requests, acks; the half of the core that needs no states, and
// that a client which only listens does without. src/core/client/client_core_send.cpp in the native engine.
import type { EngineSend, Settlement, StateChange } from '../engine'
import type { TokenReason } from './machine-start'
import { part } from './parts'
import { never } from './never'
import { Requests, sendPast } from './requests'
import { type DropReason, type PushResult, type QueueSettings, SendQueue } from './send-queue'
import type { BatchGate, BatchSettings, SendShaper } from './send-shaping'
import { sizeOf } from './size'
import type { Message } from './waiting-line'

export interface SendingSettings {
  queue: QueueSettings
  maxRequests: number
  /** By protocol, always, never: in the numbers of the options. */
  acks: number
  batch: BatchSettings
}

export interface CoreHost {
  /** `linkOpened` or `linkEnded` follows. */
  dial(link: number, endpoint: number): void
  /** `linkEnded` follows. */
  close(link: number, code: number, reason: string): void
  /** Nothing more of it is reported. */
  drop(link: number): void
  /** `counted`: `linkFlushed` tells when the platform has let it go. */
  transmit(link: number, data: string | Uint8Array, counted: boolean): void
  /** Bytes that the link takes before messages should wait in the queue. */
  room(link: number): number
  state(change: StateChange): void
  tokenWanted(why: TokenReason): void
  settled(token: number, how: Settlement): void
  /** A message that nobody waits for was given up. */
  dropped(why: Settlement): void
  /** A stored message is done. */
  storedDone(key: number): void
  /** Milliseconds since the epoch. */
  wallClock(): number
  /** What the program has sent while something was loaded runs: none of it leaves before all have run. */
  readonly catchesUp?: boolean
}

/** What it has to know of the rest of the core. */
export interface Core {
  /** The open link, or 0. */
  readonly link: number
  /** The link carries messages. */
  readonly ready: boolean
  readonly ended: boolean
  readonly speaksOwnProtocol: boolean
}

const reasons: Record<DropReason, Settlement> = {
  overflow: 'queue_full',
  expired: 'expired',
  failed: 'timeout',
  cancelled: 'cancelled',
}

export class CoreSending {
  readonly queue: SendQueue
  /** Only of clients that throttle or debounce. */
  shaper: SendShaper | undefined
  readonly requests: Requests
  readonly counters = { messagesOut: 0, bytesOut: 0, batches: 0, givenUp: 0 }
  private now = 0
  /** Nothing waits for company. */
  private flushing = false
  private company: BatchGate | undefined
  /** The store has not been read. */
  private held = false
  private roomsWanted = false
  /** The link is open; what tells the server of the program's rooms has not gone ahead yet. */
  private joining = false
  /** Messages in each frame that the link has. */
  private frames: number[] = []
  /** A token whose message is given up on the way to settling it otherwise. */
  private settling = 0

  constructor(
    private readonly settings: SendingSettings,
    private readonly core: Core,
    private readonly host: CoreHost,
  ) {
    this.requests = new Requests(settings.maxRequests)
    this.queue = new SendQueue(settings.queue, {
      done: (message) => this.onDone(message),
      dropped: (message, why) => this.onDropped(message, why),
    })
  }

  private get acks(): boolean {
    const { acks } = this.settings
    return acks === 1 || (acks === 0 && this.core.speaksOwnProtocol)
  }
  /** Payload bytes and messages inside: accepted, not done, not given up. */
  get inside(): { bytes: number; messages: number } {
    let { bytes } = this.queue
    for (const { data } of this.shaper ?? []) bytes += sizeOf(data)
    return { bytes, messages: this.queue.size + (this.shaper?.held ?? 0) }
  }

  holdSending(): void {
    this.held = true
  }
  releaseSending(now: number): void {
    this.held = false
    this.pump(now)
  }
  /** What is inside waits for the peer, or for the link. */
  get busy(): boolean {
    return this.queue.size > 0 || this.requests.size > 0
  }

  /** See `ClientEngine.rooms`. */
  wantRooms(wanted: boolean, link: number, now: number): void {
    this.roomsWanted = wanted
    if (wanted && link !== this.core.link) return
    this.joining = false
    this.pump(now)
  }
  /** A link is to carry messages. */
  carry(): void {
    this.joining = this.roomsWanted
  }
  private get pumps(): boolean {
    return this.core.ready && !this.held && !this.joining && (this.flushing || this.host.catchesUp !== true)
  }

  // --------------------------------------------------------------------------------------------------------- sending

  send(message: EngineSend, now: number, storeKey = 0): boolean {
    this.now = now
    if (this.core.ended) {
      // What is in a store stays there, for the next client.
      if (message.token !== 0) this.host.settled(message.token, 'closed')
      return storeKey !== 0
    }
    if (message.link !== 0) return sendPast(this, this.core, this.host, message, now)
    return this.holdsBack(message, now) || this.enqueue(message, now, storeKey)
  }

  private holdsBack(message: EngineSend, now: number): boolean {
    if (message.shape === undefined) return false
    this.shaper ??= new (part('shaping').SendShaper)((later, since) => this.enqueue(later, since))
    return this.shaper.offer(message, now)
  }
  private enqueue(message: EngineSend, since: number, storeKey = 0): boolean {
    const { now, settings } = this
    const { token, requestTimeout, ttl } = message
    const bytes = sizeOf(message.data)
    const life = requestTimeout > 0 ? requestTimeout : ttl > 0 ? ttl : settings.queue.ttl
    const expiresAt = life > 0 ? since + life : never
    if (requestTimeout > 0 && !this.asks(message, expiresAt)) {
      this.host.settled(token, 'queue_full')
      return false
    }
    const result = this.queue.push(message, bytes, now, this.core.ready, expiresAt, storeKey)
    if (result !== 'accepted') {
      this.requests.cancel(token)
      this.refuse(token, result)
      return false
    }
    this.gate?.offer(message, bytes, expiresAt - now)
    this.pump(now)
    return true
  }
  private refuse(token: number, result: PushResult): void {
    const how = result === 'expired' ? 'expired' : 'queue_full'
    if (token !== 0) this.host.settled(token, how)
    else this.host.dropped(how)
  }

  /** False: no more requests may wait. */
  asks({ id, token }: EngineSend, deadline: number): boolean {
    return this.requests.add(id, token, deadline)
  }

  cancel(token: number, now: number): void {
    this.now = now
    this.quietly(token)
    this.pump(now)
  }
  /** The message of a token, and its request, are given up; whoever calls says so. */
  private quietly(token: number): void {
    this.requests.cancel(token)
    this.settling = token
    this.queue.cancel(token)
    this.settling = 0
  }
  clearQueue(now: number): void {
    this.now = now
    for (let left = this.shaper?.clear() ?? 0; left > 0; left--) this.host.dropped('cancelled')
    this.queue.clear()
    this.pump(now)
  }

  /** Only of clients that send batches. */
  private get gate(): BatchGate | undefined {
    const { batch } = this.settings
    if (batch.max > 1) this.company ??= new (part('shaping').BatchGate)(batch)
    return this.company
  }
  /** The same, where the server takes batches. */
  private get joins(): BatchGate | undefined {
    return this.settings.batch.always || this.core.speaksOwnProtocol ? this.gate : undefined
  }

  pump(now: number): void {
    this.now = now
    if (!this.pumps) return
    let room = this.host.room(this.core.link)
    while (room > 0) {
      if (!this.flushing && this.joins?.due(this.queue, this.now) === false) return
      const sent = this.sendFrame()
      if (sent === 0) return
      room -= sent
    }
  }
  /** The next message, and those behind it that may go along. Returns its size; 0: none waited. */
  private sendFrame(): number {
    const { queue, now } = this
    const first = queue.next(now)
    if (first === undefined) return 0
    const texts = [first.what.data]
    const bytes = first.bytes + (this.joins?.gather(queue, first, texts, now) ?? 0)
    const { length } = texts
    if (length > 1) this.counters.batches++
    this.counters.messagesOut += length
    this.counters.bytesOut += bytes
    this.frames.push(length)
    const whole = length === 1 ? texts[0] : `{"type":"batch","payload":[${texts.join(',')}]}`
    this.host.transmit(this.core.link, whole, true)
    return bytes + 16
  }

  /** The kernel took so many of the frames that were counted. */
  linkFlushed(link: number, frames: number, now: number): void {
    if (link !== this.core.link) return
    this.now = now
    this.queue.acks = this.acks
    let messages = 0
    for (const count of this.frames.splice(0, frames)) messages += count
    this.queue.flushed(messages, now)
    this.pump(now)
  }

  /** What waits for company, or for its time, goes before the goodbye. */
  letOut(now: number, forGood = false): void {
    this.now = now
    this.flushing = true
    this.shaper?.flush()
    this.pump(now)
    this.flushing = forGood
  }
  /** The link is gone: what it carried waits again, requests that were on it have lost their replies. */
  lost(): void {
    this.frames = []
    this.queue.linkLost()
    for (const token of this.requests.linkLost()) this.host.settled(token, 'connection_lost')
  }
  /** The end of all that waits. */
  giveUp(): void {
    this.queue.clear()
    for (const token of this.requests.clear()) this.host.settled(token, 'closed')
  }

  // -------------------------------------------------------------------------------------------------------- answers

  /** `by` 0: the server will not have it. */
  onAck(id: string, now: number, by?: number): boolean {
    this.now = now
    const known = this.queue.acknowledged(id, by)
    if (known) this.pump(now)
    return known
  }
  /** The token of the request that the reply is for. */
  onReply(id: string, now: number): number | undefined {
    this.now = now
    const token = this.requests.take(id)
    // It may overtake the word that the kernel took the request, which is not sent again then.
    if (token !== undefined) this.quietly(token)
    return token
  }

  /** Of a request only the reply is the end. */
  private onDone({ what: { token }, storeKey }: Message): void {
    if (storeKey !== 0) this.host.storedDone(storeKey)
    if (token !== 0 && !this.requests.markSent(token)) this.host.settled(token, 'done')
  }

  private onDropped({ what: { token }, storeKey }: Message, why: DropReason): void {
    const { host } = this
    const { ended } = this.core
    // When the client ends, what is stored stays so, for the next one.
    if (storeKey !== 0 && !ended) host.storedDone(storeKey)
    const how = ended ? 'closed' : reasons[why]
    if (token === 0) {
      if (ended && storeKey !== 0) return
      if (ended) this.counters.givenUp++
      host.dropped(how)
    } else if (token !== this.settling) {
      // Of a request the time that ran out is the one for its reply.
      const request = this.requests.cancel(token)
      host.settled(token, request && how === 'expired' ? 'timeout' : how)
    }
  }

  // ---------------------------------------------------------------------------------------------------------- timers

  run(now: number): void {
    this.now = now
    for (const token of this.requests.expire(now)) {
      // It may never have left the queue.
      this.quietly(token)
      this.host.settled(token, 'timeout')
    }
    this.queue.onTimer(now)
    this.shaper?.run(now)
  }
  get deadline(): number {
    const { queue } = this
    const waits = this.pumps && queue.waiting > 0 && this.host.room(this.core.link) > 0
    return Math.min(
      queue.deadline,
      this.requests.deadline,
      this.shaper?.deadline ?? never,
      (waits ? this.joins?.deadline(queue) : undefined) ?? never,
    )
  }

  // --------------------------------------------------------------------------------------------------------- figures

  figures() {
    const { queue, requests } = this
    const { givenUp, ...out } = this.counters
    return {
      ...out,
      queued: queue.waiting,
      queuedHigh: queue.waitingOf(0),
      queuedNormal: queue.waitingOf(1),
      queuedLow: queue.waitingOf(2),
      queuedBytes: queue.bytes,
      inFlight: queue.inFlight,
      dropped: queue.counters.dropped + givenUp,
      expired: queue.counters.expired,
      acked: queue.counters.acked,
      retries: queue.counters.retried,
      replaced: this.shaper?.replaced ?? 0,
      requests: requests.counters.added,
      requestTimeouts: requests.counters.timeouts,
      lateReplies: requests.counters.late,
    }
  }
}
