/* global location, requestAnimationFrame */
// What both pages count; `seen` is read by react-page.mjs.
globalThis.seen = { renders: 0, frames: 0, count: 0, open: false }
const each = () => {
  globalThis.seen.frames++
  requestAnimationFrame(each)
}
requestAnimationFrame(each)

export const seen = globalThis.seen
export const url = `ws://${location.host}/`
