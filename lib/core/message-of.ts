// What an error says: words of its own, or those of its code.
import { type ErrorCode, factsOf } from './error-table'

export function messageOf(code: ErrorCode, words: string | undefined): string {
  return words ?? factsOf(code).message
}
