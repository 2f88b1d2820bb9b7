// JSON.parse of each message, three of its numbers into arrays, which are handed over when they are full.
import { columnTaker } from './feed.mjs'

const rows = 4096

export function collector() {
  const take = columnTaker()
  let prices = []
  let sizes = []
  let numbers = []
  return (text) => {
    const message = JSON.parse(text)
    if (message.type !== 'trade') return
    prices.push(message.price)
    sizes.push(message.size)
    if (numbers.push(message.t) < rows) return
    take(prices, sizes, numbers)
    prices = []
    sizes = []
    numbers = []
  }
}
