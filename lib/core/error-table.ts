// What every error code says and means: one row a code, for messages, for `recoverable` and for the documentation.
import type { coreCodes } from './error-codes'

/** A code that the native core reports. */
export type CoreCode = (typeof coreCodes)[keyof typeof coreCodes]

/** A code that TypeScript itself reports. */
export type OwnCode =
  | 'NATIVE_UNAVAILABLE'
  | 'INVALID_ARGUMENT'
  | 'INVALID_OPTION'
  | 'INVALID_URL'
  | 'INVALID_STATE'
  | 'BACKPRESSURE_EXCEEDED'
  | 'CONNECTION_CLOSED'
  | 'ABNORMAL_CLOSE'
  | 'TOO_MANY_REDIRECTS'
  | 'INVALID_REDIRECT'
  | 'LISTENER_FAILED'
  | 'VERIFY_FAILED'
  | 'AUTHENTICATION_FAILED'
  | 'UNAUTHORIZED'
  | 'RATE_LIMIT_EXCEEDED'
  | 'SERVER_ERROR'
  | 'TIMEOUT'
  | 'QUEUE_FULL'
  | 'EXPIRED'
  | 'PARSE_ERROR'
  | 'INVALID_MESSAGE'
  | 'DECRYPTION_FAILED'
  | 'RETRIES_EXHAUSTED'
  | 'STORE_FAILED'
  | 'POOL_CLOSED'
  | 'BROKER_UNAVAILABLE'
  | 'BROKER_REFUSED'
  | 'UNKNOWN'

/** Every value of `HawserError.code` and of `code` on the argument errors. */
export type ErrorCode = CoreCode | OwnCode

/** One row of the table. */
export interface ErrorFacts {
  /** What went wrong and what to do about it. */
  readonly message: string
  /** Whether trying again later, without any change, may work. */
  readonly recoverable: boolean
  /** The close code that the failing side sends, where one is sent. */
  readonly closeCode?: number
}

export const errorTable: Readonly<Record<ErrorCode, ErrorFacts>> = {
  CONNECTION_REFUSED: {
    message: 'Nothing listens at the address: every address of the host refused. Check host and port',
    recoverable: true,
  },
  CONNECTION_RESET: {
    message: 'The connection was reset by the peer or by something on the way',
    recoverable: true,
  },
  CONNECTION_FAILED: { message: 'The connection could not be made', recoverable: true },
  DNS_FAILED: {
    message: 'The host name does not resolve. Check its spelling and the resolver',
    recoverable: true,
  },
  CONNECT_TIMEOUT: {
    message: 'The connection was not ready within `connectTimeout`. Raise it or check the way to the host',
    recoverable: true,
  },
  HANDSHAKE_TIMEOUT: {
    message:
      'The WebSocket handshake did not end within `handshakeTimeout`. Check that the peer speaks WebSocket',
    recoverable: true,
  },
  HOST_UNREACHABLE: { message: 'There is no route to the host', recoverable: true },
  PROXY_FAILED: {
    message: 'The proxy refused the tunnel. Check the proxy address and its credentials',
    recoverable: false,
  },
  UNEXPECTED_RESPONSE: {
    message: 'The server answered the handshake with something other than 101 Switching Protocols',
    recoverable: false,
  },
  INVALID_HANDSHAKE: { message: "The peer's handshake breaks RFC 6455, section 4", recoverable: false },
  HANDSHAKE_TOO_LARGE: {
    message: 'The header section of the handshake is longer than `maxHeaderSize`',
    recoverable: false,
  },
  TLS_HANDSHAKE_FAILED: { message: 'The TLS handshake failed', recoverable: false },
  TLS_CERT_EXPIRED: { message: "The peer's certificate has expired. Renew it", recoverable: false },
  TLS_CERT_NOT_YET_VALID: {
    message: "The peer's certificate is not valid yet. Check both clocks",
    recoverable: false,
  },
  TLS_CERT_UNTRUSTED: {
    message: "The peer's certificate has no issuer that is trusted here. Give the issuer as `ca`",
    recoverable: false,
  },
  TLS_CERT_SELF_SIGNED: {
    message: "The peer's certificate, or one in its chain, is self-signed. Give it as `ca` to trust it",
    recoverable: false,
  },
  TLS_HOSTNAME_MISMATCH: {
    message: "The peer's certificate is for another name. Connect by a name it holds or set `servername`",
    recoverable: false,
  },
  TLS_CERT_REVOKED: { message: "The peer's certificate is revoked", recoverable: false },
  TLS_CERT_INVALID: { message: "The peer's certificate cannot be verified", recoverable: false },
  TLS_BAD_MATERIAL: {
    message: 'The TLS material given (`cert`, `key`, `ca`, `pfx` or `passphrase`) cannot be used',
    recoverable: false,
  },
  TLS_CLIENT_CERT_REQUIRED: {
    message: 'The server demands a client certificate. Give `cert` and `key`, or `pfx`',
    recoverable: false,
  },
  PROTOCOL_ERROR: { message: 'The peer broke the WebSocket protocol', recoverable: false, closeCode: 1002 },
  INVALID_UTF8: { message: 'The peer sent text that is no valid UTF-8', recoverable: false, closeCode: 1007 },
  MESSAGE_TOO_BIG: {
    message: 'The peer sent a message above `maxPayload`. Raise it if such messages are wanted',
    recoverable: false,
    closeCode: 1009,
  },
  POLICY_VIOLATION: {
    message: 'The connection broke a rule of this side',
    recoverable: false,
    closeCode: 1008,
  },
  INFLATE_FAILED: {
    message: 'A compressed message cannot be decompressed',
    recoverable: false,
    closeCode: 1007,
  },
  OUT_OF_BUDGET: {
    message: 'Messages that are still incomplete take all the memory set aside for them',
    recoverable: true,
    closeCode: 1013,
  },
  HEARTBEAT_TIMEOUT: {
    message: 'The peer did not answer a ping within `heartbeat.timeout`',
    recoverable: true,
    closeCode: 1006,
  },
  IDLE_TIMEOUT: {
    message: 'Nothing came from the peer within `idleTimeout`',
    recoverable: true,
    closeCode: 1006,
  },
  CLOSE_TIMEOUT: {
    message: 'The peer did not answer the close frame within `closeTimeout`',
    recoverable: true,
    closeCode: 1006,
  },
  CONNECTION_LOST: {
    message: 'The connection ended without a close frame',
    recoverable: true,
    closeCode: 1006,
  },
  SLOW_CONSUMER: {
    message: 'The peer reads too slowly: more than `maxBackpressure` waits for it',
    recoverable: true,
    closeCode: 1008,
  },
  EADDRINUSE: {
    message: 'The address is in use by another listener; processes share a port when all set `reusePort`',
    recoverable: true,
  },
  EADDRNOTAVAIL: { message: 'The address does not belong to this machine', recoverable: false },
  EACCES: { message: 'This process may not listen at the address', recoverable: false },
  LISTEN_FAILED: { message: 'The server cannot listen', recoverable: false },
  TOO_MANY_CONNECTIONS: { message: 'There is no room for another connection', recoverable: true },
  ABORTED: { message: 'The connection was closed by this side before it opened', recoverable: false },
  NATIVE_UNAVAILABLE: { message: 'The native part of hawser does not load', recoverable: false },
  INVALID_ARGUMENT: { message: 'An argument is not valid', recoverable: false },
  INVALID_OPTION: { message: 'An option is not valid', recoverable: false },
  INVALID_URL: { message: 'The URL is not valid for a WebSocket', recoverable: false },
  INVALID_STATE: { message: 'The call is not possible in this state', recoverable: false },
  BACKPRESSURE_EXCEEDED: {
    message:
      'The message was not accepted: more than `maxBackpressure` would wait to be sent. Wait for `drain`',
    recoverable: true,
  },
  CONNECTION_CLOSED: { message: 'The connection is closing or closed', recoverable: false },
  ABNORMAL_CLOSE: { message: 'The connection closed abnormally', recoverable: true },
  TOO_MANY_REDIRECTS: { message: 'The server redirects more often than `maxRedirects`', recoverable: false },
  INVALID_REDIRECT: {
    message: 'The server redirects to where a WebSocket cannot follow',
    recoverable: false,
  },
  LISTENER_FAILED: { message: 'A `connection` listener failed', recoverable: false, closeCode: 1011 },
  VERIFY_FAILED: { message: 'The `verify` or `handleProtocols` function failed', recoverable: false },
  AUTHENTICATION_FAILED: {
    message: 'The server did not accept the token, or no token could be had. Check the `auth` option',
    recoverable: false,
  },
  UNAUTHORIZED: { message: 'The server does not allow this', recoverable: false },
  RATE_LIMIT_EXCEEDED: { message: 'The server takes no more messages for now', recoverable: true },
  SERVER_ERROR: { message: 'The server answered with an error', recoverable: true },
  TIMEOUT: { message: 'The answer did not come in time', recoverable: true },
  QUEUE_FULL: {
    message:
      'The queue of messages that wait for a connection is full. Raise `queue.maxMessages`, or send less',
    recoverable: true,
  },
  EXPIRED: { message: 'The message waited longer than its `ttl`', recoverable: true },
  PARSE_ERROR: {
    message: 'A message cannot be read: it is no JSON, or not what the codec or dialect expects',
    recoverable: true,
  },
  INVALID_MESSAGE: { message: 'A message has not the form that its handler expects', recoverable: true },
  DECRYPTION_FAILED: {
    message: 'A message cannot be decrypted: it was changed on the way, or written with another key',
    recoverable: true,
  },
  RETRIES_EXHAUSTED: {
    message:
      'The client has tried as often as `reconnect.maxAttempts` allows. Call `reconnect()` to begin anew',
    recoverable: false,
  },
  STORE_FAILED: {
    message: 'The durable queue cannot be written. Check the file of `queue.store`',
    recoverable: false,
  },
  POOL_CLOSED: { message: 'The pool is closed', recoverable: false },
  BROKER_UNAVAILABLE: {
    message:
      'The broker between the nodes is not reached; local delivery goes on. Check its address and that it runs',
    recoverable: true,
  },
  BROKER_REFUSED: {
    message: 'The broker between the nodes did not take a message. See `cause`',
    recoverable: false,
  },
  UNKNOWN: { message: 'An error of a kind that this version does not know', recoverable: false },
}

export function factsOf(code: ErrorCode): ErrorFacts {
  return errorTable[code]
}
