// The first of a page's program: what it takes from Node's `globalThis`.
import { PageBuffer } from './bytes'

Object.assign(globalThis, {
  Buffer: PageBuffer,
  process: { env: {}, cwd: () => '/', stdout: { write: (text: string) => console.log(text.trimEnd()) } },
  // Who waits turn by turn asks Node each time.
  setImmediate: (work: () => void) => setTimeout(work, 5),
})
