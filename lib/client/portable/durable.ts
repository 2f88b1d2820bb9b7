// The durable messages of a client: they go to the store first, and to the queue when they are safe there. The rules of
// src/core/net/client_store.hpp.
//
//   put() ─► MessageStore ─ safe ─► sending.send()          left there ─► queue.restore()
import type { EngineSend, Settlement } from '../engine'
import type { CheckedStore } from '../shared-options'
import { messageId } from '../outgoing'
import type { CoreSending } from './core-sending'
import { never } from './never'
import { sizeOf } from './size'
import { type MessageStore, type StoredMessage, adopt, openStore } from './stores'

export interface DurableHost {
  now(): number
  settled(token: number, how: Settlement): void
  failed(detail: string): void
  /** Runs a step of the engine's, and what follows of it. */
  turn(step: () => void): void
}

export class Durable {
  /** What waits for the store. */
  waiting = 0
  waitingBytes = 0
  private store: MessageStore | undefined
  private broken = false
  private closing = false
  private release = (): void => undefined
  /** Those that the queue has no room for yet. */
  private left: StoredMessage[] = []
  private readonly ready: Promise<void>
  /** Removals that are under way. */
  private work: Promise<unknown> = Promise.resolve()
  /** Not of `randomUUID`, which pages that did not come over TLS have not. */
  private readonly me = messageId()

  constructor(
    private readonly queue: { maxBytes: number },
    private readonly kept: CheckedStore,
    private readonly sending: CoreSending,
    private readonly host: DurableHost,
  ) {
    sending.holdSending()
    this.ready = this.begin(kept)
  }

  private async begin({ path, name, fsync, kind }: CheckedStore): Promise<void> {
    try {
      this.store = await openStore(path, name, { fsync, kind })
      const { left, release } = await adopt(this.store, `${path}:${name}`, this.me)
      this.left = left
      this.release = release
    } catch (error) {
      this.fail(error)
    }
    this.host.turn(() => {
      this.refill()
      this.sending.releaseSending(this.host.now())
    })
  }
  private fail(error: unknown): void {
    if (this.broken || this.closing) return
    this.broken = true
    this.host.turn(() => this.host.failed(error instanceof Error ? error.message : String(error)))
  }

  /** What the queue has no room for waits here, and follows when messages have gone. */
  refill(): void {
    if (this.left.length === 0) return
    this.takeUp()
    this.sending.releaseSending(this.host.now())
  }
  private takeUp(): void {
    const ahead = Date.now() - this.host.now()
    for (let one = this.left.at(0); one !== undefined; one = this.left.at(0)) {
      const { data, id, priority, key, joinable } = one
      const bytes = sizeOf(data)
      const { inside } = this.sending
      if (inside.bytes > 0 && inside.bytes + bytes > this.queue.maxBytes) return
      const what: EngineSend = {
        data,
        binary: typeof data !== 'string',
        compress: true,
        priority,
        ttl: 0,
        id,
        acked: true,
        durable: true,
        requestTimeout: 0,
        joinable,
        shape: undefined,
        token: 0,
        link: 0,
      }
      const expiresAt = one.expiresAt === 0 ? never : one.expiresAt - ahead
      const result = this.sending.queue.restore(what, bytes, this.host.now(), expiresAt, key)
      if (result === 'rejected') return
      if (result !== 'accepted') this.remove(key)
      this.left.shift()
    }
  }

  put(message: EngineSend): void {
    const { token, data, id, priority, joinable, ttl } = message
    const refuse = (how: Settlement): void => {
      if (token !== 0) this.host.settled(token, how)
    }
    if (this.broken || this.closing) {
      refuse('store_failed')
      return
    }
    const bytes = sizeOf(data)
    if (this.sending.inside.bytes + this.waitingBytes + bytes > this.queue.maxBytes) {
      refuse('queue_full')
      return
    }
    this.waiting++
    this.waitingBytes += bytes
    const expiresAt = ttl > 0 ? Date.now() + ttl : 0
    const record = { line: this.kept.name, owner: this.me, id, data, priority, expiresAt, joinable }
    const safe = this.ready.then(() => {
      if (this.store === undefined) throw new Error('there is no store')
      return this.store.put(record)
    })
    const done = (key: number | undefined): void => {
      this.waiting--
      this.waitingBytes -= bytes
      this.host.turn(() => {
        if (key === undefined) refuse('store_failed')
        else this.stored(message, key, refuse)
      })
    }
    this.work = safe.then(done, (error: unknown) => {
      this.fail(error)
      done(undefined)
    })
  }

  // A promise of the store is kept now; one of the ack goes with the message. The message itself waits for its ack in any
  // case, where the server gives acks: a page may be gone when the network has what the peer has not.
  private stored(message: EngineSend, key: number, refuse: (how: Settlement) => void): void {
    const promised = message.acked
    const sent = this.sending.send(
      { ...message, acked: true, token: promised ? message.token : 0 },
      this.host.now(),
      key,
    )
    if (!sent) this.remove(key)
    if (!promised) refuse(sent ? 'done' : 'queue_full')
  }

  remove(key: number): void {
    if (this.store === undefined || this.broken) return
    this.work = Promise.all([this.work, this.store.remove(key)]).catch((error: unknown) => this.fail(error))
  }

  /** Resolves when what is under way is done. */
  async close(): Promise<void> {
    await this.ready
    this.closing = true
    await this.work
    this.store?.close()
    this.release()
  }
}
