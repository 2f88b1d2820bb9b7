// The fields of a socket that its modules share: flags, the settings of all sockets of a server, and the rare state.
import type { HawserError } from './error'
import type { Dial } from './client-dial'
import type { EventListeners } from './event-target'
import type { UpgradeResponse } from './upgrade-response'
import type { WebSocket } from './websocket'

export const State = { connecting: 0, open: 1, closing: 2, closed: 3 } as const

/** Bits of `_flags`. */
export const Flag = {
  /** permessage-deflate was agreed; the same bit as OutFlag.compress, so that `send` needs no branch. */
  deflate: 2,
  /** `binaryType` is 'arraybuffer'. */
  arrayBuffer: 4,
  /** `binaryType` is 'blob'. */
  blob: 8,
  /** There are W3C listeners. */
  dom: 16,
  /** `send` has to look closer: a fragmented message or a Blob is under way. */
  slowSend: 32,
  /** A message was begun with `fin: false`. */
  fragmenting: 64,
  /** Keeps the event loop alive. */
  refed: 128,
  /** Counts in the runtime: there is, or will be, a connection. */
  counted: 256,
  /** `terminate()` was called. */
  terminated: 512,
  /** The reactor was told to stop reading. */
  nativePaused: 1024,
  /** An error was emitted. */
  errored: 2048,
  /** The reactor was told which of pings and pongs are listened to: not both. */
  selective: 4096,
} as const

/** Beside the bits of Hold: data messages are dropped. */
export const holdDropped = 1024

/** What all sockets of a server, or one client, have in common. */
export interface SocketSettings {
  /** 0 for clients. */
  readonly serverId: number
  readonly highWaterMark: number
  readonly maxBackpressure: number
  readonly maxPayload: number
  /** Whether a subscriber of the server is above the high-water mark. */
  readonly crowded: () => boolean
  /** Takes note of the end of a socket. */
  gone(socket: WebSocket): void
  /** Bytes of a topic's name, checked. */
  topic(name: unknown): Uint8Array
}

export type SendCallback = (error?: HawserError) => void

/** A record that waits behind `pause()` or a `connection` listener. */
export interface Held {
  kind: number
  aux: number
  data: unknown
  isBinary: boolean
}

/** A send that waits behind a Blob that is being read, or a close behind all of them. */
export interface Waiting {
  size: number
  /** False: it cannot be sent yet. */
  run(): boolean
  drop(error: HawserError): void
}

/** The bytes of a connection that travel through a stream of Node's. */
export interface Pipe {
  write(bytes: Buffer): void
  acknowledge(bytes: number): void
  end(destroy: boolean): void
  detach(): void
}

/** State that an idle server socket does without. */
export class Extra {
  /** Records in order, from `heldFirst` on. */
  held: Held[] = []
  heldFirst = 0
  callbacks: SendCallback[] = []
  listeners: EventListeners | null = null
  waiting: Waiting[] = []
  /** Payload bytes in `waiting`. */
  waitingBytes = 0
  pipe: Pipe | null = null
  dial: Dial | null = null
  url = ''
  response: UpgradeResponse | undefined = undefined
  /** The error that was emitted last. */
  error: HawserError | undefined = undefined
}

export function extraOf(socket: WebSocket): Extra {
  return (socket._extra ??= new Extra())
}
