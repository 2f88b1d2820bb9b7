// How many bytes a message has on the wire.

/** Bytes of UTF-8 for a text, else of the data. */
export function sizeOf(data: string | Uint8Array): number {
  if (typeof data !== 'string') return data.byteLength
  let size = data.length
  for (let i = 0; i < data.length; i++) {
    const unit = data.charCodeAt(i)
    // A pair of surrogates is two units and four bytes; a lone one becomes U+FFFD, three bytes.
    if (unit > 0x7f) size += unit < 0x800 || isPaired(data, i, unit) ? 1 : 2
  }
  return size
}

function isPaired(text: string, at: number, unit: number): boolean {
  if (unit >= 0xd800 && unit < 0xdc00) return (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
  return unit >= 0xdc00 && unit < 0xe000 && at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800
}
