// What messages are made of.

/** What a message can be made of. */
export type SendData = string | ArrayBufferView | ArrayBufferLike | Blob

/** Bytes as a view; undefined for strings and for what cannot be sent. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  // Shared ones, whose constructor most pages have not, and buffers of another realm, such as a vm context.
  const kind = Object.prototype.toString.call(data)
  if (kind === '[object ArrayBuffer]' || kind === '[object SharedArrayBuffer]')
    return new Uint8Array(data as ArrayBuffer)
  return undefined
}
