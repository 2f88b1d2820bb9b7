// Types of a program's own messages: one map types `on`, `send` and `request`.

/**
 * What travels between client and server. `receive` and `send` map message types to payloads, `requests` maps them to
 * what is asked and what is answered. `messages` maps types to whole messages, where feeds of other makers and dialects
 * have other fields than an `Envelope`.
 *
 * @example
 * interface Feed extends ProtocolMap {
 *   receive: { tick: { symbol: string; price: number } }
 *   send: { watch: { symbol: string } }
 *   requests: { history: { request: { symbol: string }; reply: number[] } }
 *   messages: { trade: { e: 'trade'; s: string; p: string } }
 * }
 */
export interface ProtocolMap {
  receive: object
  send: object
  requests: object
  messages?: object
}

/** Any types, any payloads: the default. */
export interface AnyProtocol extends ProtocolMap {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the payload of a type that nobody declared
  receive: Record<string, any>
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  send: Record<string, any>
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  requests: Record<string, { request: any; reply: any }>
}

export type ReceiveType<P extends ProtocolMap> = keyof P['receive'] & string
type Whole<P extends ProtocolMap> = P extends { messages: infer M extends object } ? M : object
/** The types that handlers can be for. */
export type HandledType<P extends ProtocolMap> = ReceiveType<P> | (keyof Whole<P> & string)
export type SendType<P extends ProtocolMap> = keyof P['send'] & string
export type RequestType<P extends ProtocolMap> = keyof P['requests'] & string
export type RequestOf<P extends ProtocolMap, T extends RequestType<P>> = P['requests'][T] extends {
  request: infer R
}
  ? R
  : unknown
export type ReplyOf<P extends ProtocolMap, T extends RequestType<P>> = P['requests'][T] extends {
  reply: infer R
}
  ? R
  : unknown

/** The types that a pattern can match: itself, all below a prefix such as `chat.*`, or all with `*`. */
export type Matching<P extends ProtocolMap, T extends string> = T extends '*'
  ? HandledType<P>
  : T extends `${infer Prefix}.*`
    ? Extract<HandledType<P>, `${Prefix}.${string}`>
    : Extract<HandledType<P>, T>
/** A pattern of types that exist. */
export type PatternOf<P extends ProtocolMap> = HandledType<P> | '*' | `${string}.*`

/** One message, as docs/client.md defines it. */
export interface Envelope<Type extends string = string, Payload = unknown> {
  id?: string
  type: Type
  /** Milliseconds since the epoch. */
  timestamp?: number
  payload: Payload
  correlationId?: string
  room?: string
  userId?: string
  error?: { code: string; message?: string; retryAfter?: number }
}

/** A message of a type that nobody declared: an envelope, with fields of other makers beside or instead. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- nobody declared the payload, nor what else there is
export type AnyEnvelope = Envelope<string, any> & { [field: string]: any }

type MessageOf<P extends ProtocolMap, K extends string> = K extends keyof Whole<P>
  ? Whole<P>[K]
  : K extends keyof P['receive']
    ? Envelope<K, P['receive'][K]>
    : never

/** The message that a handler of this pattern gets. */
export type EnvelopeOf<P extends ProtocolMap, T extends string> =
  string extends ReceiveType<P> ? AnyEnvelope : { [K in Matching<P, T>]: MessageOf<P, K> }[Matching<P, T>]
