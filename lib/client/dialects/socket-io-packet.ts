// Packets of Socket.IO (protocol 5), in messages of Engine.IO:
//
//   | '4' | kind digit | attachments '-' | namespace ',' | id | JSON |      then one binary frame an attachment
//           0 connect 1 disconnect 2 event 3 ack 4 refused 5 event, 6 ack with attachments
import { HawserError } from '../../core/error'
import type { Frame } from '../dialect'

export const kinds = { connect: 0, disconnect: 1, event: 2, ack: 3, refused: 4 } as const
const withAttachments = 3
const mostAttachments = 1024
/** Bytes that an unfinished packet may hold. */
const mostBytes = 64 << 20
/** Deeper than any program's data; a message of a hostile server must not exhaust the stack. */
const deepest = 512

export interface Packet {
  kind: number
  namespace: string
  id: string | undefined
  data: unknown
  /** On the wire. */
  bytes: number
}

const form = /^4([0-6])(?:(\d+)-)?(?:(\/[^,]*)(?:,|$))?(\d+)?/

/** Puts packets together from frames. */
export class PacketReader {
  private waiting: (Packet & { count: number; attachments: Uint8Array[] }) | undefined

  /** A new connection begins. */
  reset(): void {
    this.waiting = undefined
  }

  /** A packet, when it is complete. Throws PARSE_ERROR, INVALID_MESSAGE. */
  text(frame: string): Packet | undefined {
    if (this.waiting !== undefined) {
      this.waiting = undefined
      throw new HawserError(
        'INVALID_MESSAGE',
        'A Socket.IO packet came before the attachments of the last one',
      )
    }
    const found = form.exec(frame)
    if (found === null) throw new HawserError('PARSE_ERROR', 'A message is no packet of Socket.IO')
    const [head, digit, attachments, namespace = '/', id] = found as unknown as [
      string,
      ...(string | undefined)[],
    ]
    const rest = frame.slice(head.length)
    let data: unknown
    try {
      data = rest === '' ? undefined : (JSON.parse(rest) as unknown)
    } catch (cause) {
      throw new HawserError('PARSE_ERROR', 'A packet of Socket.IO holds no JSON', { cause })
    }
    const kind = Number(digit)
    const packet = { kind, namespace, id, data, bytes: frame.length }
    if (kind < kinds.event + withAttachments) return packet
    const count = Number(attachments ?? 0)
    if (count > mostAttachments) {
      throw new HawserError(
        'INVALID_MESSAGE',
        `A packet of Socket.IO has more than ${mostAttachments} attachments`,
      )
    }
    packet.kind = kind - withAttachments
    if (count === 0) return packet
    this.waiting = { ...packet, count, attachments: [] }
    return undefined
  }

  attachment(bytes: Uint8Array): Packet | undefined {
    const { waiting } = this
    if (waiting === undefined) {
      throw new HawserError('INVALID_MESSAGE', 'A binary message belongs to no packet of Socket.IO')
    }
    waiting.attachments.push(bytes)
    waiting.bytes += bytes.length
    if (waiting.bytes > mostBytes) {
      this.waiting = undefined
      throw new HawserError('INVALID_MESSAGE', `A packet of Socket.IO has more than ${mostBytes} bytes`)
    }
    if (waiting.attachments.length < waiting.count) return undefined
    this.waiting = undefined
    const { kind, namespace, id, data, bytes: size } = waiting
    return { kind, namespace, id, data: filled(data, waiting.attachments, 0), bytes: size }
  }
}

function filled(value: unknown, attachments: readonly Uint8Array[], depth: number): unknown {
  if (value === null || typeof value !== 'object') return value
  if (depth > deepest) throw new HawserError('INVALID_MESSAGE', 'A packet of Socket.IO is nested too deeply')
  const { _placeholder: placeholder, num } = value as { _placeholder?: unknown; num?: unknown }
  if (placeholder === true) {
    const found = typeof num === 'number' ? attachments[num] : undefined
    if (found === undefined)
      throw new HawserError('INVALID_MESSAGE', 'A packet names an attachment that it has not')
    return found
  }
  const holder = value as Record<string, unknown>
  for (const key of Object.keys(holder)) {
    const inner = filled(holder[key], attachments, depth + 1)
    if (inner !== holder[key]) holder[key] = inner
  }
  return value
}

/** The frames of a packet: bytes in its data travel behind it. Throws what JSON.stringify throws. */
export function encodePacket(
  kind: number,
  namespace: string,
  id: string | undefined,
  data: unknown,
): Frame[] {
  const attachments: Uint8Array[] = []
  const text = data === undefined ? '' : JSON.stringify(emptied(data, attachments, 0))
  const place = namespace === '/' ? '' : `${namespace},`
  const head = attachments.length === 0 ? `4${kind}` : `4${kind + withAttachments}${attachments.length}-`
  return [`${head}${place}${id ?? ''}${text}`, ...attachments]
}

/** The data with placeholders instead of bytes; the same object where there are none. */
function emptied(value: unknown, attachments: Uint8Array[], depth: number): unknown {
  if (value === null || typeof value !== 'object') return value
  if (depth > deepest) throw new RangeError('it is nested too deeply, or in a circle')
  const bytes = bytesOf(value)
  if (bytes !== undefined) return { _placeholder: true, num: attachments.push(bytes) - 1 }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value
  const before = attachments.length
  if (Array.isArray(value)) {
    const out = value.map((item) => emptied(item, attachments, depth + 1))
    return attachments.length === before ? (value as unknown) : out
  }
  const out = Object.entries(value).map(
    ([key, item]) => [key, emptied(item, attachments, depth + 1)] as const,
  )
  return attachments.length === before ? value : Object.fromEntries(out)
}

function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return undefined
}
