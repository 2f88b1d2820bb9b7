// A Buffer over shared memory, with the methods of Node's Buffer that its declarations leave out.
import { Buffer } from 'node:buffer'

export interface SharedBuffer extends Buffer {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
  utf8Write(text: string, start: number): number
  latin1Write(text: string, start: number): number
}

/** Bytes of a text in UTF-8. */
export const byteLength = (text: string): number => Buffer.byteLength(text)
