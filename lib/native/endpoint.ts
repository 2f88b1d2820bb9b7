// What the channel knows of a socket and of a server: the fields it touches on the hot path and the calls it makes.
import { EventEmitter } from 'node:events'
import type { Channel } from './channel'

/** Why a socket's records wait. Bits; 0 means that they flow. */
export const Hold = { flowing: 0, turn: 1, paused: 2, listener: 4, replay: 8, hub: 16 } as const

/**
 * The base of a socket. The channel reads and writes the fields; the class above adds the public face.
 * `_queued` counts the weight of everything sent (payload + messageOverhead each), `_sent` the messages; the shared
 * table holds how much of both the kernel has taken. All counters are 32 bit and wrap.
 */
export abstract class Endpoint extends EventEmitter {
  /** @internal */ _channel: Channel | null = null
  /** @internal */ _slot = -1
  /** @internal */ _queued = 0
  /** @internal */ _sent = 0
  /** @internal */ _hold: number = Hold.flowing
  /** @internal A data message, decoded or copied out. Only called while `_hold` is 0. */
  abstract _receive(data: string | Buffer, isBinary: boolean): void
  /** @internal A data message while `_hold` has a bit other than `turn`. */
  abstract _keep(data: string | Buffer, isBinary: boolean): void
  /**
   * @internal Any other record. `payload` is text (UTF-8 for `close`, Latin-1 fields for others) or, for `ping`,
   * `pong` and `pipe_write`, a Buffer of its own. Called whatever `_hold` says: the socket queues what has to wait.
   */
  abstract _control(kind: number, aux: number, payload: string | Buffer): void
}

/** The base of a server, addressed by its id; each channel knows it, for each reactor may have connections of it. */
export interface ServerEndpoint {
  /** @internal A peer upgraded: make its socket, register it with the channel under `slot`, and emit. */
  _connection(channel: Channel, slot: number, fields: string): void
  /** @internal A peer asks and waits for accept or reject records to `slot`. */
  _upgrade(channel: Channel, slot: number, fields: string): void
  /** @internal listening, server_error, server_closed, dropped, server_drain. */
  _event(channel: Channel, kind: number, aux: number, fields: string): void
}
