// Close codes and reasons that a program may send, RFC 6455, section 7.4.
import { HawserRangeError, HawserTypeError } from './error'
import { shown } from './validate'

/** A close frame holds two bytes of code and so many of reason. */
const longestReason = 123

/** 1004, 1005, 1006 and 1015 never travel; 1000 to 2999 belong to the protocol, 3000 to 4999 to programs. */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
}

/** Throws INVALID_ARGUMENT. A reason without a code gets 1000. Result: 0 for none. */
export function checkCloseCode(code: unknown, hasReason: boolean): number {
  if (code === undefined) return hasReason ? 1000 : 0
  if (typeof code !== 'number' || !Number.isInteger(code)) {
    throw new HawserTypeError('INVALID_ARGUMENT', `\`code\` must be a whole number, not ${shown(code)}`)
  }
  if (!isCloseCode(code)) {
    throw new HawserRangeError(
      'INVALID_ARGUMENT',
      `\`code\` must be 1000 to 1003, 1007 to 1014 or 3000 to 4999, not ${code}`,
    )
  }
  return code
}

/** UTF-8 bytes of a reason. Throws INVALID_ARGUMENT. */
export function checkReason(reason: unknown): Uint8Array {
  if (reason !== undefined && typeof reason !== 'string' && !(reason instanceof Uint8Array)) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`reason\` must be a string or a Buffer, not ${shown(reason)}`,
    )
  }
  const bytes = typeof reason === 'string' ? Buffer.from(reason) : (reason ?? new Uint8Array(0))
  if (bytes.length > longestReason) {
    throw new HawserRangeError(
      'INVALID_ARGUMENT',
      `\`reason\` must be at most ${longestReason} bytes of UTF-8, not ${bytes.length}`,
    )
  }
  return bytes
}
