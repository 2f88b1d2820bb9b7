/* global location, requestAnimationFrame */
// What both pages count, and the number of the message shown last; `seen` is read by react-page.mjs.
globalThis.seen = { renders: 0, frames: 0, count: 0, last: -1, open: false }
const each = () => {
  globalThis.seen.frames++
  requestAnimationFrame(each)
}
requestAnimationFrame(each)

export const seen = globalThis.seen
export const url = `ws://${location.host}/`
