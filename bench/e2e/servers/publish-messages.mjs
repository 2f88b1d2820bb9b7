// The messages of the publish case: `go <number> <size>` makes that many texts, each with a sequence number.
let sequence = 0
let filler = ''

/** The texts that a control line asks for, all different: a server must not profit from equal messages. */
export function messages(line) {
  const [, number, size] = line.split(' ').map(Number)
  if (filler.length !== size - 10) filler = 'm'.repeat(size - 10)
  return Array.from({ length: number }, () => String(sequence++).padStart(10, '0') + filler)
}
