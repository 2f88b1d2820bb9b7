// How many bytes a message has on the wire.

const encoder = new TextEncoder()
const beyondAscii = /[\u0080-\uffff]/

/** Bytes of UTF-8 for a text, else of the data. */
export function sizeOf(data: string | { readonly byteLength: number }): number {
  if (typeof data !== 'string') return data.byteLength
  return beyondAscii.test(data) ? encoder.encode(data).length : data.length
}
