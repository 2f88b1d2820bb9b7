// The portable engine writes no messages. Takes the place of lib/client/formed.ts.

export function sendFormed(): undefined {
  return undefined
}
export function askFormed(): undefined {
  return undefined
}
