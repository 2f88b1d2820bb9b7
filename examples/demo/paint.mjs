// Colours, and the width of text that has them. Pure.

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
}
const escape = String.fromCharCode(27)
const sequence = new RegExp(`${escape}\\[\\d+m`, 'g')

/**
 * Functions that colour a text, or leave it alone.
 * @param {boolean} colours
 * @returns {Record<keyof typeof codes, (text: string) => string>}
 */
export function painter(colours) {
  return Object.fromEntries(
    Object.entries(codes).map(([name, [on, off]]) => [
      name,
      colours ? (text) => `${escape}[${on}m${text}${escape}[${off}m` : (text) => text,
    ]),
  )
}

/** The text without colours. */
export function plain(text) {
  return text.replace(sequence, '')
}

/** Columns that a text takes; all its characters are one column wide. */
export function width(text) {
  return plain(text).length
}

/** Cuts a text to so many columns; colours end with it. */
export function clip(text, columns) {
  if (width(text) <= columns) return text
  let out = ''
  let left = columns
  for (const part of text.split(new RegExp(`(${escape}\\[\\d+m)`))) {
    if (part.startsWith(escape)) out += part
    else {
      out += part.slice(0, left)
      left = Math.max(0, left - part.length)
    }
  }
  return out
}

/** Fills with blanks up to so many columns. */
export function pad(text, columns) {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}
/** The same, the text at the right. */
export function padLeft(text, columns) {
  return ' '.repeat(Math.max(0, columns - width(text))) + text
}
