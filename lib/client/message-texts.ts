// Messages as the native core hands them up: texts, which are read here.
import { HawserError } from '../core/error'

/** Whom an error is told. */
interface Reader {
  failed(error: HawserError): void
}

/** What was read already, or what the text says; undefined, and `failed` is called: it is no JSON. */
export function readMessage(given: string | object, what: string, reader: Reader): unknown {
  return typeof given === 'string' ? readText(given, what, reader) : given
}

function readText(text: string, what: string, reader: Reader): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    reader.failed(parseError(text, what, cause))
    return undefined
  }
}

/** What was read already, or of texts joined as a JSON array, each so many bytes long, those that are JSON. */
export function readBatch<T>(
  joined: string | T,
  lengths: Iterable<number>,
  reader: Reader,
): T | readonly unknown[] {
  if (typeof joined !== 'string') return joined
  try {
    return JSON.parse(joined) as unknown[]
  } catch {
    // One of them is no JSON: the others are worth the slow way.
    const messages: unknown[] = []
    const bytes = new TextEncoder().encode(joined)
    const decoder = new TextDecoder()
    let at = 1
    for (const length of lengths) {
      const message = readText(decoder.decode(bytes.subarray(at, at + length)), 'A message', reader)
      at += length + 1
      if (message !== undefined) messages.push(message)
    }
    return messages
  }
}

const excerpt = 120
function parseError(text: string, what: string, cause: unknown): HawserError {
  const start = text.length > excerpt ? `${text.slice(0, excerpt)}…` : text
  return new HawserError('PARSE_ERROR', `${what} is no JSON: ${start}`, { cause })
}
