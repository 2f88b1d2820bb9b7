// Requests of which so many are in flight; the reply to each says how many the server had answered before it.
import { options } from '../servers/control.mjs'
import { window, wrong } from './measured.mjs'

export { url } from './measured.mjs'

const lookEvery = 64

/** Keeps `inFlight` going; `request(payload)` gives the promise of a reply's payload. */
export async function keepAsking(request) {
  let asked = 0
  let answered = 0
  const look = window(() => answered)
  const one = async () => {
    while (true) {
      const number = asked++
      const reply = await request({ n: number })
      if (reply !== number) wrong(`request ${number} got the reply to ${reply}`)
      if (++answered % lookEvery === 0) look()
    }
  }
  await Promise.all(Array.from({ length: options.inFlight }, one))
}
