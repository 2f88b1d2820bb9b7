// Builds and parses WebSocket frames byte by byte (RFC 6455, section 5.2), legal or not. Independent of the package.
import { randomBytes } from 'node:crypto'

export const OP = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
export const RSV1 = 4
export const RSV2 = 2
export const RSV3 = 1

export interface FrameSpec {
  opcode: number
  payload?: Buffer | string
  /** Default true. */
  fin?: boolean
  /** RSV1 | RSV2 | RSV3, default 0. */
  rsv?: number
  /** true: a random key; false: none; a buffer: that key. Default false; RawPeer sets it by its role. */
  mask?: boolean | Buffer
  /** Width of the length field: 7, 16 or 64 bits; default the shortest that fits. */
  lengthBits?: 7 | 16 | 64
  /** The length to declare, when it is to differ from the payload's. */
  declaredLength?: bigint
}

export function toBuffer(payload: Buffer | string | undefined): Buffer {
  return payload === undefined
    ? Buffer.alloc(0)
    : typeof payload === 'string'
      ? Buffer.from(payload)
      : payload
}

export function encodeFrame(spec: FrameSpec): Buffer {
  const payload = toBuffer(spec.payload)
  const length = spec.declaredLength ?? BigInt(payload.length)
  const bits = spec.lengthBits ?? (length < 126n ? 7 : length < 65536n ? 16 : 64)
  const key = spec.mask === true ? randomBytes(4) : spec.mask === false ? undefined : spec.mask
  const head = Buffer.alloc(2 + (bits === 16 ? 2 : bits === 64 ? 8 : 0))
  head[0] = ((spec.fin ?? true) ? 0x80 : 0) | ((spec.rsv ?? 0) << 4) | spec.opcode
  head[1] = (key ? 0x80 : 0) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127)
  if (bits === 16) head.writeUInt16BE(Number(length), 2)
  if (bits === 64) head.writeBigUInt64BE(length, 2)
  if (!key) return Buffer.concat([head, payload])
  return Buffer.concat([head, key, maskBytes(payload, key)])
}

export function maskBytes(payload: Buffer, key: Buffer): Buffer {
  const out = Buffer.allocUnsafe(payload.length)
  for (let i = 0; i < payload.length; i++) out[i] = payload[i] ^ key[i & 3]
  return out
}

export interface Frame {
  fin: boolean
  rsv: number
  opcode: number
  masked: boolean
  payload: Buffer
}

/** Payload of a close frame. */
export function closePayload(code: number, reason: Buffer | string = ''): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, toBuffer(reason)])
}

export function closeCode(frame: Frame): number {
  return frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005
}

/** Splits a byte stream into frames. */
export class FrameParser {
  #chunks: Buffer[] = []
  #size = 0

  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const frames: Frame[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  /** Bytes that do not make a whole frame yet. */
  get pending(): number {
    return this.#size
  }

  #peek(size: number): Buffer | undefined {
    if (this.#size < size) return undefined
    if (this.#chunks[0].length < size) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]
  }

  #next(): Frame | undefined {
    const two = this.#peek(2)
    if (!two) return undefined
    const masked = (two[1] & 0x80) !== 0
    const short = two[1] & 0x7f
    const width = short === 126 ? 2 : short === 127 ? 8 : 0
    const headSize = 2 + width + (masked ? 4 : 0)
    const head = this.#peek(headSize)
    if (!head) return undefined
    const length = width === 2 ? head.readUInt16BE(2) : width === 8 ? Number(head.readBigUInt64BE(2)) : short
    if (this.#size < headSize + length) return undefined
    const whole = this.#peek(headSize + length)!
    const raw = whole.subarray(headSize, headSize + length)
    const payload = masked ? maskBytes(raw, whole.subarray(headSize - 4, headSize)) : Buffer.from(raw)
    const frame = {
      fin: (whole[0] & 0x80) !== 0,
      rsv: (whole[0] >> 4) & 7,
      opcode: whole[0] & 15,
      masked,
      payload,
    }
    this.#size -= headSize + length
    const rest = whole.subarray(headSize + length)
    this.#chunks[0] = rest
    if (rest.length === 0) this.#chunks.shift()
    return frame
  }
}
