// How messages are written as bytes when it is not JSON: the interface, and its checks.
import { HawserError, HawserTypeError } from '../core/error'
import { badOption } from '../core/validate'

/**
 * Writes and reads messages. Both ways may be asynchronous: messages keep their order.
 *
 * @example
 * const codec = { name: 'cbor', binary: true, encode: (message) => cbor.encode(message), decode: (data) => cbor.decode(data) }
 */
export interface Codec {
  /** Shown in errors. `json` stands for the client's own way. */
  readonly name: string
  /** True: messages are bytes. False: texts. */
  readonly binary: boolean
  /** Writes a message: an object with `type`, `payload` and so on, at the places that `routing` names. */
  encode(message: Record<string, unknown>): string | Uint8Array | Promise<string | Uint8Array>
  /** Reads what the other side wrote. What it throws becomes an `error` event; the feed goes on. */
  decode(data: string | Uint8Array): unknown
}

/**
 * A codec of the program's own. In browsers a client takes only those that went through here: what it needs for codecs
 * comes along with them.
 */
export function defineCodec(codec: Codec): Codec {
  return codec
}

/** The codec that stands for the client's own way: the core reads JSON itself. */
export const jsonName = 'json'

/** Throws INVALID_OPTION. undefined: JSON, which needs no codec. */
export function readCodec(value: unknown): Codec | undefined {
  if (value === undefined) return undefined
  if (value === null || typeof value !== 'object') {
    return badOption('codec', 'a codec such as messagePackCodec(…)', value)
  }
  const codec: Partial<Codec> = value
  if (typeof codec.name !== 'string' || codec.name === '') badOption('codec.name', 'a name', codec.name)
  if (typeof codec.binary !== 'boolean') badOption('codec.binary', 'true or false', codec.binary)
  if (typeof codec.encode !== 'function') badOption('codec.encode', 'a function', codec.encode)
  if (typeof codec.decode !== 'function') badOption('codec.decode', 'a function', codec.decode)
  return codec.name === jsonName ? undefined : (codec as Codec)
}

/** What a call of `encode` brought, checked. */
export function checkEncoded(codec: Codec, data: unknown): string | Uint8Array {
  const right = codec.binary ? data instanceof Uint8Array : typeof data === 'string'
  if (right) return data as string | Uint8Array
  throw new HawserTypeError(
    'INVALID_ARGUMENT',
    `The codec '${codec.name}' is ${codec.binary ? 'binary' : 'textual'}: its \`encode\` must return ${codec.binary ? 'a Uint8Array' : 'a string'}`,
  )
}

/** Why a message was not sent. */
export function encodeError(codec: Codec, type: string, cause: unknown): Error {
  if (cause instanceof HawserError || cause instanceof HawserTypeError) return cause
  return new HawserTypeError(
    'INVALID_ARGUMENT',
    `The message '${type}' cannot be written by the codec '${codec.name}': ${wordsOf(cause)}`,
    cause,
  )
}

/** Why a message was not understood. */
export function decodeError(codec: Codec, cause: unknown): HawserError {
  if (cause instanceof HawserError) return cause
  return new HawserError(
    'PARSE_ERROR',
    `The codec '${codec.name}' cannot read a message: ${wordsOf(cause)}`,
    { cause },
  )
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
