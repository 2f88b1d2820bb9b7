// What an error says in the production build: its code, and the facts that the words carried. Takes the place of
// lib/core/message-of.ts there.
import type { ErrorCode } from '../core/error-table'

export function messageOf(code: ErrorCode, facts: string | undefined): string {
  return facts === undefined ? code : `${code}: ${facts}`
}
