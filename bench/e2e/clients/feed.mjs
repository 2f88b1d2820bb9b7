// Clients that want one message in so many of a feed, and check that they get exactly those.
import { options } from '../servers/control.mjs'
import { window, wrong } from './measured.mjs'

export { url } from './measured.mjs'

const { wantEvery, round } = options
// The generator numbers its messages from here, anew in every round.
const firstNumber = 10000

/** Gives `wanted(message)`, for parsed messages of the type `trade`. Each that comes stands for `wantEvery` taken in. */
export function taker(finish) {
  let wanted = 0
  let expected = wantEvery - 1
  const look = window(() => wanted * wantEvery, finish)
  return (message) => {
    if (message.t !== firstNumber + expected)
      wrong(`number ${message.t} came instead of ${firstNumber + expected}`)
    expected = (expected + wantEvery) % round
    if ((++wanted & 63) === 0) look()
  }
}

/** The same for three columns of numbers: the filled parts of three arrays. */
export function columnTaker(finish) {
  let rows = 0
  let expected = 0
  const look = window(() => rows, finish)
  return (prices, sizes, numbers) => {
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] !== firstNumber + expected)
        wrong(`number ${numbers[i]} came, not ${firstNumber + expected}`)
      if (++expected === round) expected = 0
    }
    const last = numbers.length - 1
    if (!(prices[last] >= 100 && sizes[last] >= 100)) wrong('a price or size is not what was sent')
    rows += numbers.length
    look()
  }
}
