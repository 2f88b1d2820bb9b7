// As much of Node's Buffer as the cases use.

const chunk = 0x8000

function fromText(text: string, encoding = 'utf8'): Uint8Array {
  if (encoding === 'base64') return Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
  if (encoding === 'latin1') return Uint8Array.from(text, (one) => one.charCodeAt(0))
  if (encoding === 'hex') return Uint8Array.from(text.match(/../g) ?? [], (one) => parseInt(one, 16))
  if (encoding !== 'utf8') throw new Error(`no encoding ${encoding} here`)
  return new TextEncoder().encode(text)
}

function over(bytes: Uint8Array): PageBuffer {
  return new PageBuffer(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
}

export class PageBuffer extends Uint8Array {
  static override from(value: unknown, encoding?: unknown): PageBuffer {
    if (typeof value === 'string') return over(fromText(value, encoding as string | undefined))
    if (value instanceof ArrayBuffer) return new PageBuffer(value)
    return over(Uint8Array.from(value as Iterable<number>))
  }
  static override of(...bytes: number[]): PageBuffer {
    return over(Uint8Array.from(bytes))
  }
  static alloc(size: number, fill: number | Uint8Array = 0): PageBuffer {
    const out = new PageBuffer(size)
    if (typeof fill === 'number') out.fill(fill)
    else for (let at = 0; at < size; at++) out[at] = fill[at % fill.length]
    return out
  }
  static allocUnsafe(size: number): PageBuffer {
    return new PageBuffer(size)
  }
  static concat(parts: Uint8Array[]): PageBuffer {
    const out = new PageBuffer(parts.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const part of parts) {
      out.set(part, at)
      at += part.length
    }
    return out
  }
  static byteLength(text: string): number {
    return new TextEncoder().encode(text).length
  }
  static isBuffer(value: unknown): boolean {
    return value instanceof PageBuffer
  }

  override toString(encoding = 'utf8'): string {
    if (encoding === 'utf8') return new TextDecoder().decode(this)
    if (encoding === 'hex') return Array.from(this, (one) => one.toString(16).padStart(2, '0')).join('')
    let text = ''
    for (let at = 0; at < this.length; at += chunk)
      text += String.fromCharCode(...this.subarray(at, at + chunk))
    if (encoding === 'latin1') return text
    if (encoding === 'base64') return btoa(text)
    throw new Error(`no encoding ${encoding} here`)
  }
  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((one, at) => one === other[at])
  }
  writeUInt32LE(word: number, at: number): number {
    new DataView(this.buffer, this.byteOffset).setUint32(at, word, true)
    return at + 4
  }
}
