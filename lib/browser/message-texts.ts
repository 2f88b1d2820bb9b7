// The portable engine hands up no texts: it has read its messages. Takes the place of lib/client/message-texts.ts.

export function readText(): undefined {
  return undefined
}
export function readTexts(): readonly unknown[] {
  return []
}
