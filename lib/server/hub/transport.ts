// What the hub needs of the server beneath it: topics, and topics that keep what was published.
import type { WebSocket } from '../../core/websocket'
import { announceMembership } from '../../native/membership'
import { Out } from '../../native/records'
import type { WebSocketServer } from '../websocket-server'
import { roomTopic } from './rooms'

/** Bounds of what a room keeps. */
export interface HistoryBounds {
  /** Messages. Default 100. */
  count?: number
  /** Bytes of messages, with their frames. Default 1 MiB. */
  bytes?: number
  /** Milliseconds. Default 300000; 0: no bound. */
  age?: number
}
export type CheckedBounds = Required<HistoryBounds>

export interface HubTransport {
  subscribe(socket: WebSocket, topic: string): void
  unsubscribe(socket: WebSocket, topic: string): void
  /**
   * Subscribes a member to its room's topic and says `joined`, or takes that back and says `left`. The bytes that were sent,
   * or 0: nothing was done, and it has to be done in two steps.
   */
  announce(
    socket: WebSocket,
    joined: boolean,
    topic: string,
    correlationId: string | undefined,
    members: number,
  ): number
  /** Whose rate the socket's messages count against, beside its own. */
  belongs(socket: WebSocket, user: string): void
  /** To all subscribers of any of the topics but one, once to each. False: somebody is above the high-water mark. */
  publish(topics: readonly string[], text: string, except: WebSocket | undefined): boolean
  /** From now on the topic keeps what is published to it with an offset. */
  keep(topic: string, bounds: CheckedBounds): void
  forget(topic: string): void
  /** The same as `publish`, and keeps it. Offsets of a topic count up by one. */
  publishKept(topic: string, text: string, offset: number, except: WebSocket | undefined): boolean
  /**
   * Sends what is kept above `offset`, in order, and then what is published: no gap, nothing twice. `partial` goes first
   * where something above was kept no more. `head` is the offset of what was published last.
   */
  subscribeFrom(socket: WebSocket, topic: string, offset: number, head: number, partial: string): void
  /** The offset above which everything is kept, as far as it is known here; 0 when nothing was lost yet. */
  keptFrom(topic: string): number
}

/** The same with a server's own topics, whose messages are kept on the I/O threads. */
export class ServerTransport implements HubTransport {
  constructor(private readonly server: WebSocketServer) {}

  subscribe(socket: WebSocket, topic: string): void {
    socket.subscribe(topic)
  }
  unsubscribe(socket: WebSocket, topic: string): void {
    socket.unsubscribe(topic)
  }

  announce(
    socket: WebSocket,
    joined: boolean,
    topic: string,
    correlationId: string | undefined,
    members: number,
  ): number {
    return announceMembership(socket, joined, topic, roomTopic.length, correlationId ?? '', members)
  }

  belongs(socket: WebSocket, user: string): void {
    socket._channel?.command(Out.user, socket._slot, 0, Buffer.from(user))
  }

  publish(topics: readonly string[], text: string, except: WebSocket | undefined): boolean {
    if (topics.length > 1) return this.server._topics.publish(topics, text, -1, except)
    return except === undefined ? this.server.publish(topics[0], text) : except.publish(topics[0], text)
  }

  keep(topic: string, bounds: CheckedBounds): void {
    this.server._topics.keep(topic, bounds, 0)
  }
  forget(topic: string): void {
    this.server._topics.forget(topic)
  }

  publishKept(topic: string, text: string, offset: number, except: WebSocket | undefined): boolean {
    return this.server._topics.publish([topic], text, offset, except)
  }

  subscribeFrom(socket: WebSocket, topic: string, offset: number, head: number, partial: string): void {
    this.server._topics.subscribeFrom(socket, topic, offset, everything, { partial }, head)
  }

  keptFrom(topic: string): number {
    return this.server._topics.kept(topic)?.lost ?? 0
  }
}

const everything = 0xffffffff
