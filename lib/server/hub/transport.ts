// What the hub needs of the server beneath it: topics, and topics that keep what was published.
import type { WebSocket } from '../../core/websocket'
import type { WebSocketServer } from '../websocket-server'

/** Bounds of what a room keeps. */
export interface HistoryBounds {
  /** Messages. Default 100. */
  count?: number
  /** Bytes of messages. Default 1 MiB. */
  bytes?: number
  /** Milliseconds. Default 300000; 0: no bound. */
  age?: number
}
export type CheckedBounds = Required<HistoryBounds>

export interface HubTransport {
  subscribe(socket: WebSocket, topic: string): void
  unsubscribe(socket: WebSocket, topic: string): void
  /** To all subscribers but one. False: one of them is above the high-water mark. */
  publish(topic: string, text: string, except: WebSocket | undefined): boolean
  /** From now on the topic keeps what is published to it with an offset. */
  keep(topic: string, bounds: CheckedBounds): void
  forget(topic: string): void
  /** The same as `publish`, and keeps it. Offsets of a topic count up by one. */
  publishKept(topic: string, text: string, offset: number, except: WebSocket | undefined): boolean
  /** Sends what is kept above `offset`, in order, and then what is published: no gap, nothing twice. */
  subscribeFrom(socket: WebSocket, topic: string, offset: number): void
  /** The offset above which everything is kept: `head` when nothing is. */
  keptFrom(topic: string, head: number): number
}

/** Kept messages of a topic: a ring of texts. */
class Kept {
  private readonly texts: { text: string; at: number; offset: number }[] = []
  private first = 0
  private bytes = 0

  constructor(private readonly bounds: CheckedBounds) {}

  add(text: string, offset: number, now: number): void {
    this.texts.push({ text, at: now, offset })
    this.bytes += text.length
    this.trim(now)
  }

  /** Lets go of what is beyond the bounds. */
  trim(now: number): void {
    const { count, bytes, age } = this.bounds
    while (this.first < this.texts.length) {
      const oldest = this.texts[this.first]
      const old = age > 0 && now - oldest.at > age
      if (!old && this.texts.length - this.first <= count && this.bytes <= bytes) break
      this.bytes -= oldest.text.length
      this.first++
    }
    if (this.first > 64 && this.first * 2 > this.texts.length) {
      this.texts.splice(0, this.first)
      this.first = 0
    }
  }

  get oldest(): number | undefined {
    return this.first < this.texts.length ? this.texts[this.first].offset : undefined
  }

  *above(offset: number): Iterable<string> {
    for (let i = this.first; i < this.texts.length; i++) {
      if (this.texts[i].offset > offset) yield this.texts[i].text
    }
  }
}

export class ServerTransport implements HubTransport {
  private readonly kept = new Map<string, Kept>()

  constructor(private readonly server: WebSocketServer) {}

  subscribe(socket: WebSocket, topic: string): void {
    socket.subscribe(topic)
  }
  unsubscribe(socket: WebSocket, topic: string): void {
    socket.unsubscribe(topic)
  }

  publish(topic: string, text: string, except: WebSocket | undefined): boolean {
    return except === undefined ? this.server.publish(topic, text) : except.publish(topic, text)
  }

  keep(topic: string, bounds: CheckedBounds): void {
    this.kept.set(topic, new Kept(bounds))
  }
  forget(topic: string): void {
    this.kept.delete(topic)
  }

  publishKept(topic: string, text: string, offset: number, except: WebSocket | undefined): boolean {
    this.kept.get(topic)?.add(text, offset, Date.now())
    return this.publish(topic, text, except)
  }

  subscribeFrom(socket: WebSocket, topic: string, offset: number): void {
    const kept = this.kept.get(topic)
    // A peer that cannot take what it asks for loses its connection, and asks again on the next.
    const failed = (error?: Error): void => {
      if (error !== undefined && socket.readyState === 1) socket.terminate()
    }
    if (kept !== undefined) for (const text of kept.above(offset)) socket.send(text, failed)
    socket.subscribe(topic)
  }

  keptFrom(topic: string, head: number): number {
    const kept = this.kept.get(topic)
    kept?.trim(Date.now())
    const oldest = kept?.oldest
    return oldest === undefined ? head : oldest - 1
  }
}
