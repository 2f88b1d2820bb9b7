// Joins and leaves, read without JSON.parse: it makes more of so short a text than is wanted.
import type { HubMessage } from './envelope'

const quote = 34
const backslash = 92

/**
 * A `join` or `leave` as peers write it: an object of `id`, `type`, `timestamp`, `correlationId` and `room`, in any order
 * but with a text last, without spaces between them and without a character that JSON escapes or that is not ASCII.
 * Undefined: it is something else, or written otherwise.
 */
export function readMembership(text: string): HubMessage | undefined {
  const end = text.length - 1
  if (text.charCodeAt(end - 1) !== quote || !text.endsWith('}') || !text.startsWith('{')) return undefined
  const message: HubMessage = { type: '', payload: undefined }
  let at = 1
  for (;;) {
    let value: number
    if (text.startsWith('"type":"join"', at)) {
      message.type = 'join'
      at += 13
    } else if (text.startsWith('"type":"leave"', at)) {
      message.type = 'leave'
      at += 14
    } else if (text.startsWith('"timestamp":', at)) {
      value = at + 12
      at = digits(text, value)
      // What is no number is for JSON.parse to say, and what it makes of leading zeros and many digits.
      if (at === value || at - value > 15 || text.startsWith('0', value)) return undefined
      message.timestamp = Number(text.slice(value, at))
    } else {
      if (text.startsWith('"id":"', at)) {
        value = at + 6
        at = plain(text, value)
        message.id = text.slice(value, at)
      } else if (text.startsWith('"room":"', at)) {
        value = at + 8
        at = plain(text, value)
        message.room = text.slice(value, at)
      } else if (text.startsWith('"correlationId":"', at)) {
        value = at + 17
        at = plain(text, value)
        message.correlationId = text.slice(value, at)
      } else return undefined
      if (text.charCodeAt(at++) !== quote) return undefined
    }
    if (at === end) return message.type === '' ? undefined : message
    if (!text.startsWith(',', at++)) return undefined
  }
}

/** Where digits end. */
function digits(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code >= 48 && code <= 57; code = text.charCodeAt(++at));
  return at
}

/** Where what needs no escape ends. */
function plain(text: string, from: number): number {
  let at = from
  for (
    let code = text.charCodeAt(at);
    code >= 32 && code < 127 && code !== quote && code !== backslash;
    code = text.charCodeAt(++at)
  );
  return at
}
