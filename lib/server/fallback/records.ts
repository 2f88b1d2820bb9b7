// What passes between a session and its peer, one JSON value a line; docs/protocol.md, HTTP.
//
//   "…"                       a text message
//   ["binary", "base64"]      a binary one
//   ["close", 1000, "…"]      the end; without a code where there is none. 1006: without a goodbye
//   ["ping"]                  to the peer: say that you have it
import { isCloseCode } from '../../core/close-code'

export type UpRecord =
  { kind: 'message'; data: string | Buffer } | { kind: 'close'; code: number | undefined; reason: string }

/** The first line of what a peer posts. */
export interface Head {
  /** None: a session is opened. */
  session: string | undefined
  protocols: string[]
  /** Number of the first record that follows; undefined: it asks for what comes down. */
  seq: number | undefined
  down: 'stream' | 'poll' | undefined
  /** So many records have come to the peer. */
  ack: number | undefined
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** undefined: it is not one. */
export function readHead(line: string): Head | undefined {
  const value = parse(line)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const { session, protocols = [], seq, down, ack } = value as Record<string, unknown>
  if (session !== undefined && typeof session !== 'string') return undefined
  if (!Array.isArray(protocols) || protocols.some((name) => typeof name !== 'string')) return undefined
  if (seq !== undefined && !isCount(seq)) return undefined
  if (ack !== undefined && !isCount(ack)) return undefined
  if (down !== undefined && down !== 'stream' && down !== 'poll') return undefined
  if (session !== undefined && (seq === undefined) === (down === undefined)) return undefined
  return { session, protocols: protocols as string[], seq, down, ack }
}

/** undefined: a line is not one. */
export function readRecords(lines: readonly string[]): UpRecord[] | undefined {
  const records: UpRecord[] = []
  for (const line of lines) {
    if (line === '') continue
    const value = parse(line)
    if (typeof value === 'string') {
      records.push({ kind: 'message', data: value })
      continue
    }
    if (!Array.isArray(value)) return undefined
    const [kind, first, second = ''] = value as unknown[]
    if (kind === 'binary' && typeof first === 'string') {
      records.push({ kind: 'message', data: Buffer.from(first, 'base64') })
    } else if (kind === 'close' && typeof second === 'string' && Buffer.byteLength(second) <= 123) {
      if (first !== undefined && !(typeof first === 'number' && isCloseCode(first))) return undefined
      records.push({ kind: 'close', code: first, reason: second })
    } else return undefined
  }
  return records
}

/** One record on its way down: an event of a text/event-stream. */
export function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
