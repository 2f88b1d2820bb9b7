// permessage-deflate payloads made with Node's zlib (RFC 7692, section 7.2), and the extension header taken apart.
import * as zlib from 'node:zlib'
import { deferred } from './waiters'

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** Compresses messages one after another, with or without context takeover between them. */
export class Deflater {
  readonly #options: zlib.ZlibOptions
  readonly #takeover: boolean
  #stream: zlib.DeflateRaw | undefined

  constructor(windowBits = 15, takeover = true) {
    // zlib has no raw window of 8 bits; level 0 stores, and so refers to nothing behind it.
    this.#options = windowBits === 8 ? { windowBits: 9, level: 0 } : { windowBits }
    this.#takeover = takeover
  }

  /** `bfinal` ends the message with a final block instead of a flush. */
  async compress(message: Buffer | string, bfinal = false): Promise<Buffer> {
    const data = typeof message === 'string' ? Buffer.from(message) : message
    if (bfinal)
      return Buffer.concat([
        zlib.deflateRawSync(data, { ...this.#options, finishFlush: zlib.constants.Z_FINISH }),
        Buffer.alloc(1),
      ])
    const stream = (this.#takeover ? this.#stream : undefined) ?? zlib.createDeflateRaw(this.#options)
    this.#stream = stream
    const chunks: Buffer[] = []
    const done = deferred()
    const take = (chunk: Buffer): void => void chunks.push(chunk)
    stream.on('data', take)
    stream.write(data)
    stream.flush(zlib.constants.Z_SYNC_FLUSH, () => done.resolve())
    await done.promise
    stream.removeListener('data', take)
    const out = Buffer.concat(chunks)
    return out.subarray(out.length - 4).equals(TAIL) ? out.subarray(0, out.length - 4) : out
  }
}

/** Decompresses messages one after another. */
export class Inflater {
  readonly #takeover: boolean
  readonly #windowBits: number
  #stream: zlib.InflateRaw | undefined

  constructor(windowBits = 15, takeover = true) {
    this.#windowBits = windowBits
    this.#takeover = takeover
  }

  async decompress(payload: Buffer): Promise<Buffer> {
    const stream =
      (this.#takeover ? this.#stream : undefined) ?? zlib.createInflateRaw({ windowBits: this.#windowBits })
    this.#stream = stream
    const chunks: Buffer[] = []
    const done = deferred()
    const take = (chunk: Buffer): void => void chunks.push(chunk)
    const fail = (error: Error): void => done.reject(error)
    stream.on('data', take)
    stream.once('error', fail)
    stream.write(payload)
    stream.write(TAIL)
    stream.flush(zlib.constants.Z_SYNC_FLUSH, () => done.resolve())
    await done.promise
    stream.removeListener('data', take)
    stream.removeListener('error', fail)
    return Buffer.concat(chunks)
  }
}

export interface Negotiated {
  name: string
  parameters: Record<string, string | true>
}

/** Takes apart a Sec-WebSocket-Extensions value. */
export function parseExtensions(header: string | undefined): Negotiated[] {
  if (!header) return []
  return header.split(',').map((part) => {
    const [name = '', ...rest] = part.split(';').map((word) => word.trim())
    const parameters: Record<string, string | true> = {}
    for (const word of rest) {
      const [key = '', value] = word.split('=')
      parameters[key.trim()] = value === undefined ? true : value.trim().replace(/^"|"$/g, '')
    }
    return { name, parameters }
  })
}
