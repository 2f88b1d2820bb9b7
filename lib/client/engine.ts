// What carries a managed client: the native core, or in a browser the portable engine. The client above it checks
// arguments, makes envelopes, keeps handlers and promises; the engine below it connects, reconnects, queues, matches
// replies, routes and shapes. Everything that passes here is checked already.
import type { ErrorCode } from '../core/error-table'
import type { ColumnBatch } from './message-router'
import type { Waiting } from './portable/loading'
import type { PartName } from './portable/parts'
import type { Priority } from './priorities'

/** How a managed client stands, in the numbers of the core. */
export const clientStates = [
  'idle',
  'connecting',
  'connected',
  'reconnecting',
  'disconnecting',
  'disconnected',
  'failed',
] as const
export type ClientStateName = (typeof clientStates)[number]

/** What stands around the payloads of a type; the engine's own. */
export interface MessageForm {
  readonly number: number
}

/** Messages of the standard layout that the engine writes itself. */
export interface FormedMessages {
  /** Asked for each message. Undefined: the client has to write it. */
  of(type: string, request: boolean): MessageForm | undefined
  /**
   * Sends a message of the form just asked for, as `ClientEngine.send`. `payload` is JSON text; a request has a token, and
   * milliseconds for its reply, others have 0 for both.
   */
  send(form: MessageForm, payload: string, token: number, timeout: number): true | false | 'full'
}

/** Why a state was entered; all but `state` and `attempt` describe the failure or the close that led to it. */
export interface StateChange {
  state: ClientStateName
  /** Attempts since the last connection that held; 0 while none is under way. */
  attempt: number
  /** Milliseconds until the next attempt, in `reconnecting`; else 0. */
  delay: number
  /** Index of the endpoint that is, or was, in use; or -1. */
  endpoint: number
  /** The subprotocol that was agreed, or ''; counts in `connected`. */
  protocol: string
  /** The open link; counts in `connected`. */
  link: number
  /** In `failed`: as many attempts in a row have failed as may; `error` or `close` is the last of them. */
  exhausted?: boolean
  error?: EngineFailure
  /** The close frame of the connection that ended, or code 1006. */
  close?: { code: number; reason: string }
}

export interface EngineFailure {
  code: ErrorCode
  detail: string
  /** The HTTP status of a refused handshake, or 0. */
  status: number
  /** False: the client does not try again by itself. */
  recoverable: boolean
}

/** How the engine ended what a token stands for. */
export const settlements = [
  'done',
  'timeout',
  'queue_full',
  'expired',
  'cancelled',
  'connection_lost',
  'closed',
  'store_failed',
] as const
export type Settlement = (typeof settlements)[number]

/** At most one message of a key each interval, or the latest once none came for the interval. */
export interface SendShape {
  mode: 'throttle' | 'debounce'
  every: number
  /** ASCII. */
  key: string
}
export const admissions = ['accepted', 'refused', 'silent'] as const

/** A message on its way out. */
export interface EngineSend {
  data: string | Uint8Array
  binary: boolean
  compress: boolean
  priority: number
  /** Milliseconds until it is of no use, or 0 for the queue's default. */
  ttl: number
  /** Names the message in acks; '' where neither acked, durable nor a request. */
  id: string
  acked: boolean
  durable: boolean
  /** A request: the id is its correlation id; the reply must come within so many milliseconds. 0: none. */
  requestTimeout: number
  /** An envelope: it may travel in a batch. */
  joinable: boolean
  /** Thinned out before the queue; not together with acked, durable or a request. */
  shape: SendShape | undefined
  /** Settled later through `EngineEvents.settled`, or by `reply`; 0: nobody waits. */
  token: number
  /**
   * At once on this link alone, past the queue and whatever holds it, and however much waits; without the link it ends as
   * 'connection_lost'. 0: through the queue. Not acked, durable or shaped.
   */
  link: number
}

/** One route: the specification in JSON, as src/core/router/route_spec.hpp reads it. */
export interface RouteSpec {
  pattern: string
  where?: Condition[]
  sample?: { mode: 'sample' | 'throttle' | 'debounce'; every: number }
  conflate?: { key: string; every: number; maxKeys?: number }
  batch?: { max: number; every: number }
  columns?: { name: string; pointer: string }[]
  /** In browsers what the program gave to `subscribe`, until it is read. */
  raw?: unknown
  /** In browsers: its messages are wanted at the page's next frame. See `ReadNow`. */
  frames?: true
}
/**
 * What the handler of a route for frames gets, as soon as messages have come: a call has all of them read, and the handler
 * called for each. Before anything else happens to the client they are read as well.
 */
export type ReadNow = () => void
export type Scalar = string | number | boolean | null
export type Condition =
  | { pointer: string; any: Scalar[] }
  | { pointer: string; gt?: number; gte?: number; lt?: number; lte?: number }

export type Routes = number | Uint32Array | readonly number[]

/** What comes up from an engine. Called from the event loop, never inside a call into the engine. */
export interface EngineEvents {
  state(change: StateChange): void
  /** Every dial needs a token, or the one held is refused: answer with `setToken` or `failToken`. */
  tokenWanted(reason: 'connect' | 'refused' | 'expired'): void
  /**
   * A message that routes matched, once for all of them: its text, or what was read of it already. `routes` is a number
   * for one route, else an array that is only valid during the call.
   */
  message(routes: Routes, message: string | object): void
  /**
   * Messages of a batching route: read already, or their texts joined as a JSON array; `lengths` in bytes of UTF-8, for
   * texts that are no JSON. Or their columns.
   */
  batch(route: number, messages: string | readonly unknown[] | ColumnBatch, lengths?: Uint32Array): void
  /** A text without a type, or one that is no JSON; only while `interest` asks for it. */
  untyped(text: string): void
  binary(data: Uint8Array): void
  /** A control envelope that the engine does not settle itself (auth_ok, joined, error …): its text, or read already. */
  control(message: string | object): void
  /** The payload of a request's reply, where the engine has seen that the reply is no error. */
  answer(token: number, payload: unknown): void
  /** The reply to a request, whole: its text, or read already. */
  reply(token: number, message: string | object): void
  settled(token: number, how: Settlement): void
  /** Messages that nobody waits for and that were dropped: how many, and why. */
  dropped(count: number, why: Settlement): void
  /** Below half the high-water mark again. */
  drain(): void
  /** A route cannot be evaluated and matches nothing. */
  routeRefused(detail: string): void
  /** The durable store cannot be used. */
  storeFailed(detail: string): void
  /** In browsers: a part of the client cannot be loaded, and is asked for again in a while. */
  loadFailed?(detail: string): void
  /** A connection is open and waits to be admitted; only where the engine was told to ask. */
  opened?(link: number): void
  /** The last call: the engine has let go of everything. */
  closed(): void
}

/** Counters and gauges of one client, all of them since it was made. Times in milliseconds. */
export interface EngineMetrics {
  state: ClientStateName
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  /** Texts that some route matched, those that none did, those without a type, those that are no JSON, binary ones. */
  routed: number
  unrouted: number
  untyped: number
  notJson: number
  binary: number
  /** Records that went up to JavaScript. */
  delivered: number
  /** Inside the shapers: replaced by a later one of its key; left out by sampling; values that were no number. */
  conflated: number
  sampledOut: number
  notNumbers: number
  connects: number
  reconnects: number
  failures: number
  queued: number
  queuedHigh: number
  queuedNormal: number
  queuedLow: number
  queuedBytes: number
  inFlight: number
  dropped: number
  expired: number
  acked: number
  retries: number
  requests: number
  requestTimeouts: number
  lateReplies: number
  latencyCount: number
  latencyLast: number
  latencyMin: number
  latencyMax: number
  latencyMean: number
  latencyP50: number
  latencyP90: number
  latencyP99: number
  /** 0–100. */
  health: number
  /** Throttled and debounced messages that a later one took the place of. */
  replaced: number
  /** Batches sent. */
  batches: number
}

/** What an engine has learned of an endpoint. */
export interface EndpointFigures {
  /** Connections that opened; attempts that failed, and connections that broke at once. */
  opened: number
  failed: number
  /** 0 to 1; recent attempts weigh more. */
  successRate: number
  /** Milliseconds to open or to answer a ping, smoothed; 0: not known. */
  latency: number
}

/** What waits in the queue. */
export interface QueuedMessage {
  id: string
  priority: Priority
  bytes: number
  /** Milliseconds since it was accepted. */
  age: number
  attempts: number
  durable: boolean
}

export interface ClientEngine {
  connect(): void
  disconnect(code: number, reason: string): void
  reconnect(): void
  /** How the token is applied: a query parameter or header called `name`, or `value` is the whole first message. */
  setToken(how: 'query' | 'header' | 'message' | 'none', name: string, value: string): void
  /** No token can be had. `final`: the client fails; else it tries again later. */
  failToken(final: boolean, detail: string): void
  readonly forms?: FormedMessages
  /** True: accepted; false: accepted, but above the high-water mark. 'full': not accepted. */
  send(message: EngineSend): true | false | 'full'
  /** Ends the wait of a token: the request's reply is ignored, a message that still waits is taken back. */
  cancel(token: number): void
  /** Route numbers are the caller's: 1 to 65535. */
  addRoute(route: number, spec: RouteSpec): void
  removeRoute(route: number): void
  /**
   * Which of the messages without a route are wanted; `asking`: as untyped ones also those with a correlation id that
   * answer nothing, whatever routes they match.
   */
  interest(untyped: boolean, binary: boolean, asking: boolean): void
  /** A message that the engine cannot read was the ack, or the reply, that the id waits for. */
  answered(ack: boolean, id: string): void
  /** The server will not have this message: it is sent no more, and leaves the store. */
  refused(id: string): void
  /** Sends frames at once, one behind the other, ahead of the queue. Lost if the link, 0 for any, is not there. */
  say(link: number, frames: readonly (string | Uint8Array)[]): void
  /** What is to become of an open link. `silent`: it is lost. */
  admit(how: (typeof admissions)[number], link: number, why: string): void
  /**
   * While rooms are wanted, a link that opens is held: only what names it in `EngineSend.link` leaves, until `link` says
   * here that it was told of the rooms. 0: no link is let go.
   */
  rooms(wanted: boolean, link: number): void
  /**
   * Runs a step in its turn among what is sent, when a part is there that is loaded for it; where all is at hand it is left
   * out. Says what `send` says of a message of so many bytes.
   */
  later?(part: PartName, step: () => void, how?: Waiting): true | false | 'full'
  /** The same among what connecting waits for. */
  ahead?(part: PartName, step: () => void): void
  /** Reads no more until `resume()`. */
  pause(): void
  resume(): void
  /** Bytes accepted and not yet taken by the kernel or settled. */
  readonly bufferedAmount: number
  metrics(): EngineMetrics
  /** Of each endpoint, in the order given. */
  learned(): EndpointFigures[]
  /** What waits, oldest first, at most `limit`. */
  queue(limit: number): Promise<QueuedMessage[]>
  clearQueue(): void
  ref(): void
  unref(): void
  /** Disconnects, if connected, and ends; `closed` follows. */
  dispose(): void
}
