// What a field of text does to its text, as one replacement; and where a caret goes when others write.

export interface TextChange {
  at: number
  remove: number
  insert: string
}

const isTrail = (text: string, index: number): boolean => {
  const unit = text.charCodeAt(index)
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** The replacement that makes one text the other: the part between what they share at both ends. */
export function changeBetween(before: string, after: string): TextChange | undefined {
  if (before === after) return undefined
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  // Halves of a pair stay together.
  if (start > 0 && (isTrail(before, start) || isTrail(after, start))) start--
  let end = 0
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  if (end > 0 && (isTrail(before, before.length - end) || isTrail(after, after.length - end))) end--
  return { at: start, remove: before.length - start - end, insert: after.slice(start, after.length - end) }
}

/** Where a caret is after a change that somebody else has made. */
export function movedBy(caret: number, { at, remove, insert }: TextChange): number {
  if (caret <= at) return caret
  return caret >= at + remove ? caret - remove + insert.length : at + insert.length
}
