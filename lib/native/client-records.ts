// Layouts of a client's records, written and read; kinds and flags are in records.ts.
import { Buffer } from 'node:buffer'
import { type EngineSend, type StateChange, clientStates } from '../client/engine'
import type { coreCodes } from '../core/error-codes'
import { fromCore } from '../core/error'
import { clientFormHead, clientSendHead } from './records'
import { setWide } from './timestamp'

/** Marks a binary one among the frames of `say`. */
const binaryFrame = 0x80000000
const sendHead = new Uint32Array(clientSendHead / 4)

export function words(...values: number[]): Buffer {
  return Buffer.from(new Uint32Array(values).buffer)
}

/** What stands before a message and its name; valid until the next one. */
export function sendHeadOf(message: EngineSend, name: string): Uint32Array {
  const { shape } = message
  const mode =
    (message.acked ? 1 : 0) |
    (message.durable ? 2 : 0) |
    (message.requestTimeout > 0 ? 4 : 0) |
    (message.joinable ? 8 : 0) |
    (shape === undefined ? 0 : shape.mode === 'throttle' ? 16 : 32) |
    (message.link > 0 ? 64 : 0)
  sendHead[0] = message.priority | (mode << 8) | (name.length << 16)
  sendHead[1] = message.link > 0 ? message.link : message.ttl
  sendHead[2] = shape === undefined ? message.requestTimeout : shape.every
  return sendHead
}

/** What stands before the payload of a message whose envelope the reactor writes. */
export interface FormHead {
  /** The number of the form, and the priority above it. */
  form: number
  timeout: number
  number: number
  time: number
}
/** `at`: word. */
export function writeFormHead(words: Uint32Array | Int32Array, at: number, head: FormHead): void {
  words[at] = head.form
  words[at + 1] = head.timeout
  setWide(words, at + 2, head.number)
  setWide(words, at + 4, head.time)
}
export function formHeadBytes(head: FormHead): Uint8Array {
  const words = new Uint32Array(clientFormHead / 4)
  writeFormHead(words, 0, head)
  return new Uint8Array(words.buffer)
}

export function framesFor(link: number, frames: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [words(link)]
  for (const frame of frames) {
    const bytes = typeof frame === 'string' ? Buffer.from(frame) : frame
    parts.push(words(bytes.length | (typeof frame === 'string' ? 0 : binaryFrame)), bytes)
  }
  return Buffer.concat(parts)
}

/** Copies: what the ring holds is given back after the call. */
export function read32(bytes: Buffer, start: number, count: number): Uint32Array {
  const out = new Uint32Array(count)
  new Uint8Array(out.buffer).set(bytes.subarray(start, start + count * 4))
  return out
}
export function readDoubles(bytes: Buffer, start: number, count: number): Float64Array {
  const out = new Float64Array(count)
  new Uint8Array(out.buffer).set(bytes.subarray(start, start + count * 8))
  return out
}

/**
 * `fields`, a line each: attempt, delay, endpoint, protocol, link, error, system, status, recoverable (2: exhausted), close
 * code, detail, reason.
 */
export function readState(state: number, fields: string): StateChange {
  const [attempt, delay, endpoint, protocol, link, error, system, status, ...more] = fields.split('\n')
  const [recoverable, code, detail, ...reason] = more
  const change: StateChange = {
    state: clientStates[state],
    attempt: Number(attempt),
    delay: Number(delay),
    endpoint: Number(endpoint),
    protocol,
    link: Number(link),
  }
  if (error !== '0') {
    const number = Number(error) as keyof typeof coreCodes
    change.error = {
      code: fromCore(number, Number(system), detail).code,
      detail,
      status: Number(status),
      recoverable: recoverable === '1',
    }
  }
  if (recoverable === '2') change.exhausted = true
  if (code !== '0') change.close = { code: Number(code), reason: reason.join('\n') }
  return change
}
