// MessagePack, by a module that the program brings.
import { HawserTypeError } from '../../core/error'
import { shown } from '../../core/validate'
import type { Codec } from '../codec'

/** What `@msgpack/msgpack` has, or an instance with the same two functions, such as one of `msgpackr`. */
export interface MessagePack {
  encode(value: unknown): Uint8Array
  decode(data: Uint8Array): unknown
}

/**
 * Messages as MessagePack. Bytes in payloads stay bytes.
 * @param msgpack `import * as msgpack from '@msgpack/msgpack'`, or anything with its `encode` and `decode`.
 * @throws TypeError `INVALID_ARGUMENT`
 */
export function messagePackCodec(msgpack: MessagePack): Codec {
  const given = msgpack as Partial<MessagePack> | null | undefined
  if (typeof given?.encode !== 'function' || typeof given.decode !== 'function') {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`msgpack\` must be a module with \`encode\` and \`decode\`, such as @msgpack/msgpack, not ${shown(msgpack)}`,
    )
  }
  return {
    name: 'messagepack',
    binary: true,
    encode: (message) => msgpack.encode(message),
    decode: (data) => msgpack.decode(data as Uint8Array),
  }
}
