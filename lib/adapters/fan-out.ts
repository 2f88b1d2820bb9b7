// The part of an adapter that is the same for all brokers whose client does not reconnect, or not as an adapter needs it: a
// session after the other, the subscriptions of each, what waits, and what becomes of texts when a session ends.
import { nextDelay } from '../client/portable/reconnect-policy'
import { HawserError } from '../core/error'
import type { AdapterMetrics, HubAdapter, HubNode } from '../server/hub/adapter'
import { Outbox, type Waiting } from './outbox'
import { Tally } from './tally'

/** What a session tells the adapter. */
export interface SessionEvents {
  /** The broker has answered for texts of `characters` together, published at `since` (`performance.now()`). */
  settled(texts: number, characters: number, since: number, taken: boolean): void
  /** It is over. Told once, whoever has ended it. */
  ended(cause: unknown): void
}

/** One connection to a broker. After its end nothing of it is waited for. */
export interface Session {
  /** Resolves when the broker has it in force. */
  subscribe(names: readonly string[]): Promise<void>
  unsubscribe(name: string): void
  /** `settled` follows. Throws for a text that this broker never takes. */
  publish(name: string, text: string): void
  /** Lets go of the connection; `ended` follows. */
  close(): Promise<void>
}

/** What may wait for a broker that is away or slow. */
export interface FanOutBounds {
  maxQueued: number
  maxQueuedBytes: number
}

/** Texts and characters that the broker has not answered for; what is beyond waits here. */
const window = { texts: 4096, characters: 16 << 20 }
const backoff = { minDelay: 50, maxDelay: 2000, factor: 2, jitter: 0.5 }
const farewell = 1000
const mostReasons = 8

/** Before the next attempt: twice as long as before, half of it by chance, so that nodes do not come all at once. */
export function pause(attempt: number, random: number): number {
  return nextDelay(backoff, attempt + 1, random)
}

export abstract class FanOut<S extends Session> implements HubAdapter {
  protected readonly tally = new Tally()
  protected node: HubNode | undefined
  /** The session that subscriptions go to, in force or not. */
  private session: S | undefined
  private readonly outbox: Outbox
  private readonly wanted = new Set<string>()
  private flying = { texts: 0, characters: 0 }
  private closing: Promise<void> | undefined
  /** Without success, in a row. */
  protected attempts = 0
  private timer: NodeJS.Timeout | undefined
  private watchers: (() => void)[] = []
  private idle: (() => void) | undefined
  /** The broker was reached once. */
  private ever = false
  /** Why the broker is away, as far as it was told. */
  private readonly reasons = new Set<string>()

  constructor(bounds: FanOutBounds) {
    this.outbox = new Outbox(bounds.maxQueued, bounds.maxQueuedBytes)
  }

  /** What the broker is called, for messages. */
  protected abstract readonly broker: string
  /** Loads what is needed. @throws for what another attempt does not mend */
  protected abstract prepare(): Promise<void>
  /** Connects. Rejects when the broker is not reached. */
  protected abstract dial(events: SessionEvents): Promise<S>
  /** The session is there and all that is wanted is subscribed; what else has to be in force before anybody is told? */
  protected complete(_session: S): Promise<void> {
    return Promise.resolve()
  }

  /** The session is over. */
  protected left(): void {
    // Nothing depends on it.
  }

  async start(node: HubNode): Promise<void> {
    if (this.node !== undefined || this.isEnding()) {
      throw new HawserError('INVALID_STATE', 'An adapter serves one hub, once. Make another for each hub')
    }
    this.node = node
    await this.prepare()
    void this.connect()
  }

  // --------------------------------------------------------------------------------------------------- sessions

  private async connect(): Promise<void> {
    if (this.isEnding()) return
    // What ends while it is being made, or before.
    let over = false
    const ended = (cause: unknown): void => {
      if (over) return
      over = true
      if (session !== undefined && this.session === session) this.lost(cause)
    }
    let session: S | undefined
    try {
      session = await this.dial({
        settled: (texts, characters, since, taken) => {
          if (!over) this.settled(texts, characters, since, taken)
        },
        ended,
      })
      if (this.isEnding()) {
        await session.close()
        return
      }
      this.session = session
      await this.subscribeAll(session)
      if (this.session !== session) throw new Error('The connection ended')
      this.found()
    } catch (error) {
      if (session !== undefined) {
        over = true
        this.session = undefined
        this.left()
        await session.close().catch(() => undefined)
      }
      if (!this.isEnding()) {
        this.tell(error)
        this.again()
      }
    }
  }

  private async subscribeAll(session: S): Promise<void> {
    const done = new Set<string>()
    // Some may be wanted meanwhile.
    for (;;) {
      const missing = [...this.wanted].filter((name) => !done.has(name))
      if (missing.length === 0) break
      await session.subscribe(missing)
      for (const name of missing) done.add(name)
    }
    await this.complete(session)
  }

  private found(): void {
    this.attempts = 0
    this.reasons.clear()
    this.ever = true
    this.tally.found()
    this.wake()
    this.node?.connected()
    this.pump()
  }

  private lost(cause: unknown): void {
    const was = this.tally.connected
    this.session = undefined
    this.tally.connected = false
    this.tally.lost += this.flying.texts
    this.flying = { texts: 0, characters: 0 }
    this.left()
    this.wake()
    if (this.isEnding() || !was) return
    this.tell(cause)
    this.again()
  }

  /** Says once that the broker is away, and again when it is for another reason. */
  private tell(cause: unknown): void {
    const reason = cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
    const error = new HawserError(
      'BROKER_UNAVAILABLE',
      `${this.broker} is not reached (${reason}); local delivery goes on. Check its address and that it runs`,
      { cause },
    )
    if (this.reasons.size === 0 && this.ever) this.node?.disconnected(error)
    else if (!this.reasons.has(reason) && this.reasons.size < mostReasons) this.node?.report(error)
    this.reasons.add(reason)
  }

  private again(): void {
    this.timer = setTimeout(() => void this.connect(), pause(this.attempts++, Math.random()))
    this.timer.unref()
  }

  // ----------------------------------------------------------------------------------------------- subscriptions

  subscribe(channel: string): Promise<void> {
    return this.want(channel)
  }
  unsubscribe(channel: string): void {
    this.unwant(channel)
  }

  protected async want(name: string): Promise<void> {
    this.wanted.add(name)
    for (;;) {
      if (this.isEnding() || !this.wanted.has(name)) return
      const { session } = this
      // The first subscriptions of a session are made together; until then it is not connected.
      if (session !== undefined && this.tally.connected) {
        try {
          await session.subscribe([name])
          if (this.session === session) return
        } catch {
          // The session is over: the next has it.
        }
      }
      if (!this.tally.connected || this.session === session) await this.change()
    }
  }
  protected unwant(name: string): void {
    if (this.wanted.delete(name)) this.session?.unsubscribe(name)
  }

  /** Resolves when the broker is found or lost, or the adapter closes. */
  private change(): Promise<void> {
    if (this.isEnding()) return Promise.resolve()
    return new Promise((resolve) => this.watchers.push(resolve))
  }
  private wake(): void {
    for (const resolve of this.watchers.splice(0)) resolve()
    this.idle?.()
  }

  // ------------------------------------------------------------------------------------------------------- texts

  publish(channel: string, text: string): void {
    if (this.isEnding()) {
      this.tally.lost++
      return
    }
    this.tally.lost += this.outbox.push({ channel, text })
    this.pump()
  }

  private pump(): void {
    while (this.tally.connected && this.session !== undefined) {
      if (this.flying.texts >= window.texts || this.flying.characters >= window.characters) return
      const one = this.outbox.shift()
      if (one === undefined) return
      this.hand(this.session, one)
    }
  }

  private hand(session: Session, { channel, text }: Waiting): void {
    this.flying.texts++
    this.flying.characters += text.length
    try {
      session.publish(channel, text)
    } catch (cause) {
      this.settled(1, text.length, 0, false)
      this.refused(cause)
    }
  }

  protected refused(cause: unknown): void {
    this.node?.report(new HawserError('BROKER_REFUSED', undefined, { cause }))
  }

  private settled(texts: number, characters: number, since: number, taken: boolean): void {
    this.flying.texts -= texts
    this.flying.characters -= characters
    if (taken) this.tally.took(texts, since)
    else this.tally.lost += texts
    this.pump()
    if (this.flying.texts === 0) this.idle?.()
  }

  metrics(): AdapterMetrics {
    return this.tally.snapshot(this.outbox.size)
  }

  // --------------------------------------------------------------------------------------------------------- end

  private isEnding(): boolean {
    return this.closing !== undefined
  }

  close(): Promise<void> {
    this.closing ??= this.end()
    return this.closing
  }

  private async end(): Promise<void> {
    clearTimeout(this.timer)
    const { session } = this
    const late = setTimeout(() => this.lost(undefined), farewell)
    while (this.tally.connected && this.outbox.size + this.flying.texts > 0) {
      await new Promise<void>((resolve) => (this.idle = resolve))
    }
    clearTimeout(late)
    this.lost(undefined)
    this.tally.lost += this.outbox.clear()
    await session?.close().catch(() => undefined)
    this.node = undefined
  }
}
