// The measured part of a receiving client: parses every message and counts.
import { window } from './measured.mjs'

export { url } from './measured.mjs'

const lookEvery = 1024

/** Gives the function that takes each message's text. */
export function receiver() {
  let messages = 0
  let wanted = 0
  const look = window(
    () => messages,
    (result) => (result.wanted = wanted),
  )
  return (text) => {
    if (JSON.parse(text).type === 'trade') wanted++
    if (++messages % lookEvery === 0) look()
  }
}
