// JSON, named as a codec: inside of others, or where a program chooses between several.
import type { Codec } from '../codec'

/** JSON texts. As the client's own `codec` it changes nothing: the core reads JSON itself, off the event loop. */
export function jsonCodec(): Codec {
  return {
    name: 'json',
    binary: false,
    encode: (message) => JSON.stringify(message),
    decode: (data) =>
      JSON.parse(
        typeof data === 'string' ? data : new TextDecoder('utf-8', { fatal: true }).decode(data),
      ) as unknown,
  }
}
