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

const message = (type: string, payload?: unknown, room?: string): string =>
  JSON.stringify({ type, room, payload })
const flight = (seq: unknown, origin = 'ORD', more: object = {}, room = origin): string =>
  message('flight', { seq, origin, destination: 'DFW', delay: 5, ...more }, room)
const joined = (room = 'ORD'): string => message('joined', { members: 1 }, room)

/** A tally of so many topics that took these texts. */
function tallied(topics: number, ...texts: string[]): Counts {
  const tally = new Tally(topics) as unknown as Counts & { take(text: string): void }
  for (const text of texts) tally.take(text)
  return tally
}

test('records in order are received, with their bytes', () => {
  expect(tallied(1, joined(), flight(1), flight(2), flight(3))).toMatchObject({
    received: 3,
    bytes: 3 * flight(5).length,
    missing: 0,
    wrong: 0,
    begun: true,
    ended: false,
  })
})

test('it has begun once it is in all rooms, and each topic counts by itself', () => {
  expect(tallied(2, joined())).toMatchObject({ begun: false })
  const texts = [joined(), joined('DFW'), flight(1), flight(1, 'DFW'), flight(2), flight(2, 'DFW')]
  expect(tallied(2, ...texts)).toMatchObject({ received: 4, missing: 0, wrong: 0, begun: true })
})

test('a gap is missing, also the one at the end', () => {
  const texts = [joined(), flight(1), flight(4), message('end', { ORD: 9, JFK: 5 })]
  expect(tallied(1, ...texts)).toMatchObject({ received: 2, missing: 2 + 5, wrong: 0, ended: true })
})

test('what came whole has nothing missing at the end', () => {
  const texts = [joined(), joined('DFW'), flight(1), message('end', { ORD: 1 })]
  expect(tallied(2, ...texts)).toMatchObject({ missing: 0, ended: true })
})

test('marks are handed over, and neither counted nor wrong', () => {
  const tally = new Tally(1)
  expect(tally.take(joined())).toBeUndefined()
  expect(tally.take(message('mark', 100))).toBe(100)
  expect(tally).toMatchObject({ received: 0, wrong: 0 })
})

test.each([
  ['a repetition', flight(1)],
  ['one that is older', flight(0)],
  ['a topic that was not asked for', flight(2, 'JFK')],
  ['another room than its own', flight(2, 'ORD', {}, 'JFK')],
  ['no destination', flight(2, 'ORD', { destination: undefined })],
  ['a delay that is no number', flight(2, 'ORD', { delay: 'late' })],
])('a record is wrong: %s', (_name, text) => {
  expect(tallied(1, joined(), flight(1), text)).toMatchObject({ received: 2, wrong: 1, missing: 0 })
})

test.each([
  ['no JSON', '{"seq":'],
  ['nothing that is known', '{}'],
])('a message is wrong: %s', (_name, text) => {
  expect(tallied(1, joined(), text)).toMatchObject({ received: 0, wrong: 1 })
})

test('before its room is joined every record is wrong', () => {
  expect(tallied(1, flight(1))).toMatchObject({ received: 1, wrong: 1, begun: false })
})
