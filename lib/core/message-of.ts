// What an error says: words of its own, or those of its code.
import { type ErrorCode, errorTable } from './error-table'

export function messageOf(code: ErrorCode, words: string | undefined): string {
  return words ?? errorTable[code].message
}
