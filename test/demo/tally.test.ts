// What a subscriber of the demo counts, and what it calls wrong.
import { Tally } from '../../examples/demo/tally.mjs'

interface Counts {
  received: number
  bytes: number
  missing: number
  wrong: number
  begun: boolean
  ended: boolean
}

const flight = (seq: unknown, origin: unknown = 'ORD', more: object = {}): string =>
  JSON.stringify({ seq, origin, destination: 'DFW', delay: 5, ...more })
const subscribed = (numbers: object): string => JSON.stringify({ subscribed: numbers })

/** A tally that took these texts. */
function tallied(...texts: string[]): Counts {
  const tally = new Tally() as Counts & { take(text: string): void }
  for (const text of texts) tally.take(text)
  return tally
}

test('records in order are received, with their bytes', () => {
  const texts = [subscribed({ ORD: 4 }), flight(5), flight(6), flight(7)]
  expect(tallied(...texts)).toMatchObject({
    received: 3,
    bytes: 3 * flight(5).length,
    missing: 0,
    wrong: 0,
    begun: true,
    ended: false,
  })
})

test('each topic counts by itself', () => {
  const texts = [subscribed({ ORD: 0, DFW: 10 }), flight(1), flight(11, 'DFW'), flight(2), flight(12, 'DFW')]
  expect(tallied(...texts)).toMatchObject({ received: 4, missing: 0, wrong: 0 })
})

test('a gap is missing, also the one at the end', () => {
  const texts = [subscribed({ ORD: 0 }), flight(1), flight(4), JSON.stringify({ end: { ORD: 9 } })]
  expect(tallied(...texts)).toMatchObject({ received: 2, missing: 2 + 5, wrong: 0, ended: true })
})

test('what came whole has nothing missing at the end', () => {
  const end = JSON.stringify({ end: { ORD: 1, DFW: 0 } })
  expect(tallied(subscribed({ ORD: 0, DFW: 0 }), flight(1), end)).toMatchObject({ missing: 0, ended: true })
})

test('marks are neither counted nor wrong', () => {
  expect(tallied(subscribed({ ORD: 0 }), '{"mark":100}', flight(1))).toMatchObject({ received: 1, wrong: 0 })
})

test.each([
  ['a repetition', flight(1)],
  ['one that is older', flight(0)],
  ['a topic that was not asked for', flight(2, 'JFK')],
  ['no destination', flight(2, 'ORD', { destination: undefined })],
  ['a delay that is no number', flight(2, 'ORD', { delay: 'late' })],
])('a record is wrong: %s', (_name, text) => {
  expect(tallied(subscribed({ ORD: 0 }), flight(1), text)).toMatchObject({
    received: 2,
    wrong: 1,
    missing: 0,
  })
})

test.each([
  ['no JSON', '{"seq":'],
  ['nothing that is known', '{}'],
])('a message is wrong: %s', (_name, text) => {
  expect(tallied(subscribed({ ORD: 0 }), text)).toMatchObject({ received: 0, wrong: 1 })
})

test('before the subscription is confirmed every record is wrong', () => {
  expect(tallied(flight(1))).toMatchObject({ received: 1, wrong: 1, begun: false })
})
