// The payloads of the fan-out case: numbered, so that a receiver sees what is missing.
let number = 0

export function payloads(count, size) {
  const text = 't'.repeat(size)
  return Array.from({ length: count }, () => ({ n: number++, from: 0, text }))
}
