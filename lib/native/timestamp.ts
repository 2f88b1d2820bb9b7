// Times in texts that the I/O thread writes: their bytes are counted here, before there is a text.

/** Digits of the milliseconds since 1970, from 2001 to 2286. */
export const timeDigits = 13
const word = 2 ** 32

/** Whether a time has `timeDigits` digits, and no more than those. */
export function isUsualTime(milliseconds: number): boolean {
  return milliseconds >= 1e12 && milliseconds < 1e13
}

/** Writes a number of up to 53 bits as the low and the high half of 64. */
export function setWide(words: Uint32Array | Int32Array, at: number, value: number): void {
  words[at] = value
  words[at + 1] = value / word
}
