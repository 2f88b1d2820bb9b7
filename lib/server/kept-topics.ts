// What the hub needs of a server's topics: those that keep messages, messages to several topics, counts.
import { HawserError, HawserTypeError } from '../core/error'
import { type PublishData, topicBytes } from '../core/publish'
import { bytesOf } from '../core/socket-send'
import { shown } from '../core/validate'
import type { WebSocket } from '../core/websocket'
import type { Channel } from '../native/channel'
import { Out, OutFlag, noSlot } from '../native/records'
import { type ServerGauges, readServerGauges } from '../native/server-gauges'
import { EarlyTopics } from './early-topics'
import {
  type Kept,
  type KeptBounds,
  type ReplayTexts,
  keepRecord,
  publishHead,
  replayRecord,
} from './topic-records'

/** `what` of NativeRuntime.keptGauge(). */
const Gauge = { read: 0, make: 1, forget: 2 } as const

export class KeptTopics {
  /** Topics that were to keep before the server was started. */
  private early: EarlyTopics | null = new EarlyTopics()

  constructor(
    /** All that is published here goes through this one, so it has one order. */
    private readonly home: Channel,
    private readonly channels: readonly Channel[],
    private readonly id: number,
    private readonly crowded: () => boolean,
  ) {}

  /** The parts of the server exist. */
  started(): void {
    const early = this.early
    this.early = null
    if (early === null) return
    for (const [topic, bounds, head, messages] of early) {
      this.keep(topic, bounds, head)
      for (const { topics, data, offset } of messages) this.publish(topics, data, offset, undefined)
    }
  }

  /** From now on the topic keeps what is published to it with an offset above `head`. */
  keep(topic: string, bounds: KeptBounds, head: number): void {
    const name = topicBytes(topic)
    if (this.early !== null) {
      this.early.keep(topic, bounds, head)
      return
    }
    this.home.native.keptGauge(this.home.index, this.id, topic, Gauge.make, head)
    const record = keepRecord(name, bounds, head)
    for (const channel of this.channels) channel.command(Out.keep, this.id, 0, record)
  }

  forget(topic: string): void {
    const name = topicBytes(topic)
    if (this.early !== null) {
      this.early.forget(topic)
      return
    }
    this.home.native.keptGauge(this.home.index, this.id, topic, Gauge.forget, 0)
    for (const channel of this.channels) channel.command(Out.forget, this.id, 0, name)
  }

  /** Undefined: the topic does not keep. */
  kept(topic: string): Kept | undefined {
    const early = this.early?.kept(topic)
    if (early !== undefined) return early
    const values = this.home.native.keptGauge(this.home.index, this.id, topic, Gauge.read, 0)
    if (values.length === 0) return undefined
    const [lost, last, count, bytes] = values
    return { lost, last, count, bytes }
  }

  /**
   * To the subscribers of any of the topics, once to each. Everything that is published to a topic with an offset goes
   * this way, and offsets go up by one. The answer and what it throws: like WebSocketServer.publish.
   */
  publish(
    topics: readonly string[],
    data: PublishData,
    offset: number,
    except: WebSocket | undefined,
  ): boolean {
    if (topics.length === 0) return true
    const payload = typeof data === 'string' ? data : bytesOf(data)
    if (payload === undefined) {
      throw new HawserTypeError('INVALID_ARGUMENT', `\`data\` must be a string or bytes, not ${shown(data)}`)
    }
    if (offset >= 0 && this.early?.publish({ topics, data: payload, offset }) === true) return true
    const without = except?._channel ?? null
    const head = publishHead(topics.map(topicBytes), offset, without?.index)
    const flags = (typeof data === 'string' ? 0 : OutFlag.binary) | OutFlag.compress
    const slot = without === null || except === undefined ? noSlot : except._slot
    if (!this.home.publishTo(this.id, head, payload, flags, slot)) {
      throw new HawserError(
        'BACKPRESSURE_EXCEEDED',
        'Nothing was published: too much waits for the I/O thread. Publish less, or wait after `publish` returned false',
      )
    }
    return !this.home.congested && !this.crowded()
  }

  /**
   * Sends what the topic keeps above `offset`, the newest `most` of it, in order, and then all that is published: nothing
   * is missed, nothing comes twice. Offset -1: only what is published from now on; -2: whatever is kept. `head`: offset of
   * what was published last, from which I/O threads that are behind see what is due. False: the socket is not open.
   */
  subscribeFrom(
    socket: WebSocket,
    topic: string,
    offset: number,
    most: number,
    texts: ReplayTexts,
    head = -1,
  ): boolean {
    if (offset === -1) return socket.subscribe(topic)
    const record = replayRecord(topicBytes(topic), offset, most, texts, head)
    if (socket.readyState !== 1 || socket._channel === null) return false
    // What was published before shall be there first.
    socket._channel.follow()
    socket._channel.command(Out.subscribe_from, socket._slot, 0, record)
    return true
  }

  /** Sockets that are subscribed, on all I/O threads, as of their last turn. */
  subscribers(topic: string): number {
    return this.home.native.subscribers(this.home.index, this.id, topic)
  }

  gauges(): ServerGauges {
    return readServerGauges(this.home.native.serverGauges(this.home.index, this.id))
  }
}
