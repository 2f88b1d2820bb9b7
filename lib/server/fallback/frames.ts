// Frames of RFC 6455 between a session over HTTP and the connection behind it: reads those of a server, writes those of
// a client.

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** What frames of a server say. */
export interface FrameEvents {
  message(data: string | Buffer): void
  ping(payload: Buffer): void
  close(code: number, reason: string): void
}

/** A frame of a client, whole. The key of its mask is 0: both ends are this process, and no proxy sees it. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.alloc(6 + extra + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127)
  if (extra === 2) frame.writeUInt16BE(length, 2)
  else if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.set(payload, 6 + extra)
  return frame
}

export function closeFrame(code: number | undefined, reason: string): Buffer {
  if (code === undefined) return clientFrame(Opcode.close, Buffer.alloc(0))
  const text = Buffer.from(reason)
  const payload = Buffer.alloc(2 + text.length)
  payload.writeUInt16BE(code)
  payload.set(text, 2)
  return clientFrame(Opcode.close, payload)
}

export class FrameReader {
  private chunks: Buffer[] = []
  private have = 0
  /** Bytes before which another look is in vain. */
  private need = 2
  private parts: Buffer[] = []
  private binary = false

  constructor(private readonly told: FrameEvents) {}

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.have += chunk.length
    if (this.have < this.need) return
    let rest = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks)
    for (;;) {
      const { length } = rest
      this.need = 2
      if (length < 2) break
      const short = rest[1] & 0x7f
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      this.need = head
      if (length < head) break
      const size =
        short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
      this.need = head + size
      if (length < this.need) break
      this.frame(rest[0], rest.subarray(head, head + size))
      rest = rest.subarray(head + size)
    }
    this.chunks = rest.length === 0 ? [] : [rest]
    this.have = rest.length
  }

  private frame(first: number, payload: Buffer): void {
    const opcode = first & 0x0f
    switch (opcode) {
      case Opcode.ping:
        this.told.ping(Buffer.from(payload))
        return
      case Opcode.pong:
        return
      case Opcode.close:
        if (payload.length < 2) this.told.close(1005, '')
        else this.told.close(payload.readUInt16BE(0), payload.toString('utf8', 2))
        return
    }
    if (opcode !== Opcode.continuation) this.binary = opcode === Opcode.binary
    this.parts.push(payload)
    if ((first & 0x80) === 0) return
    const whole = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts)
    this.parts = []
    this.told.message(this.binary ? Buffer.from(whole) : whole.toString())
  }
}
