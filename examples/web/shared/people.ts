// Names of people, and what is made of them for the eye.

/** Characters of a name. */
export const longestName = 24

/** A name without what nobody sees of it; undefined when nothing is left. */
export function tidyName(text: string): string | undefined {
  const name = text
    .normalize('NFC')
    .replace(/[\p{C}\s/]+/gu, ' ')
    .trim()
    .slice(0, longestName)
    .trim()
  return name === '' ? undefined : name
}

export function initialsOf(name: string): string {
  const words = name.split(' ').filter((word) => word !== '')
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words
  return letters
    .map((word) => /^./u.exec(word ?? '')?.[0] ?? '')
    .join('')
    .toLocaleUpperCase()
}

/** 0 to 359, the same for a name at all times. */
export function hueOf(name: string): number {
  let hash = 7
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0
  return hash % 360
}
