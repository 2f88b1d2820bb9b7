// What messages are made of.

/** What a message can be made of. */
export type SendData = string | ArrayBufferView | ArrayBufferLike | Blob

/** Bytes as a view; undefined for strings and for what cannot be sent. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  try {
    // Takes buffers alone: also shared ones, whose constructor most pages have not, and those of another realm.
    const view = ArrayBuffer.isView(data) ? data : new DataView(data as ArrayBuffer)
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  } catch {
    return undefined
  }
}
