// What the stream holds: one message for the texts of one append, or of a part of it.
//
//   epoch US first US node US number US part RS text RS text …        US, RS: U+001F and U+001E, which no text has
//
// A message without texts says in which epoch the room goes on.
import type { RoomPlace, RoomEntry } from '../../server/hub/adapter'

export interface Stored {
  epoch: string
  /** Offset of the first text. */
  first: number
  /** Who has appended it: node, number of the call, part of the call. */
  node: string
  number: number
  part: number
  texts: readonly string[]
}

const unit = '\x1f'
const record = '\x1e'
const whole = /^\d{1,15}$/

export function encode({ epoch, first, node, number, part, texts }: Stored): string {
  return [[epoch, first, node, number, part].join(unit), ...texts].join(record)
}

/** Undefined for what this adapter has not written. */
export function decode(data: string): Stored | undefined {
  const [head, ...texts] = data.split(record)
  const fields = head.split(unit)
  if (fields.length !== 5 || ![fields[1], fields[3], fields[4]].every((field) => whole.test(field))) return
  const [epoch, first, node, number, part] = fields
  return { epoch, first: Number(first), node, number: Number(number), part: Number(part), texts }
}

/** The place of its last text; without texts the one before its first. */
export function placeOf({ epoch, first, texts }: Stored): RoomPlace {
  return { epoch, offset: first + texts.length - 1 }
}

/** Different for any two messages of a room. */
export function nameOf({ epoch, first, node, number, part, texts }: Stored): string {
  return [epoch, first, texts.length, node, number, part].join(unit)
}

export function entriesOf({ epoch, first, texts }: Stored): RoomEntry[] {
  return texts.map((text, i) => ({ epoch, offset: first + i, text }))
}

/** An epoch is that of a log, which has offsets of its own, and a count of its renewals. */
export function logOf(epoch: string): string {
  return epoch.slice(0, epoch.lastIndexOf('-'))
}
export function firstEpoch(random: string): string {
  return `${random}-0`
}
export function nextEpoch(epoch: string): string {
  return `${logOf(epoch)}-${Number(epoch.slice(epoch.lastIndexOf('-') + 1)) + 1}`
}

/** Texts in parts that the server takes, none larger than `most` bytes; undefined: one text is larger alone. */
export function parted(texts: readonly string[], most: number): string[][] | undefined {
  const parts: string[][] = []
  let part: string[] = []
  let size = 0
  for (const text of texts) {
    const bytes = Buffer.byteLength(text) + 1
    if (bytes > most) return undefined
    if (size + bytes > most && part.length > 0) {
      parts.push(part)
      part = []
      size = 0
    }
    part.push(text)
    size += bytes
  }
  if (part.length > 0) parts.push(part)
  return parts
}
