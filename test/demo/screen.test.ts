// The meter of the demo as text: what it shows, and that it keeps to the terminal.
import { plain, width } from '../../examples/demo/paint.mjs'
import { line, screen } from '../../examples/demo/screen.mjs'
import { state } from './support'

const wide = { columns: 140, rows: 40, colours: false, unicode: true }
const shown = (more: Parameters<typeof state>[0] = {}, terminal = wide): string =>
  screen(state(more), terminal).join('\n')

test('everything that it is told is there', () => {
  const text = shown()
  for (const expected of [
    '10,000 flights over and over, from 59 airports',
    '00:12 / 01:00',
    '123,456',
    '7,654',
    '246,912',
    '1,234,567',
    '14.2',
    '42 % busy',
    'lag p50 0.2 ms  p99 3.4 ms  max 12 ms',
    'cpu 131 % with the I/O thread',
    'rss 120 MB  heap 30 MB',
    '2 in, one to the feed; one restart, 2 reconnects',
    '2,340 of 2,345 acknowledged, 0 lost, 6 sent again',
    'throttle',
    'flowing',
    '25 % paused',
    '2.0 MB of 8.0 MB wait, 0 dropped',
    '1  ws 8',
    '2  undici 7',
    'ws://127.0.0.1:4711',
  ])
    expect(text).toContain(expected)
})

test('without an end in sight the time stands alone', () => {
  expect(shown({ seconds: 0 })).toMatch(/00:12$/m)
})

test('states of the flow and of the subscribers', () => {
  const { flow, subscribers } = state()
  expect(shown({ flow: { ...flow, holding: true, dropped: 1234 } })).toMatch(/paused .*1,234 dropped/)
  expect(shown({ flow: { policy: 'drop', held: 0, holding: false, bound: 8e6, dropped: 9 } })).toMatch(
    /drop: above 8\.0 MB for a subscriber[^]*9 dropped/,
  )
  const text = shown({
    subscribers: [
      { ...subscribers[0], state: 'lost' },
      { ...subscribers[0], state: 'starting' },
      { ...subscribers[0], slow: true, missing: 5, wrong: 6 },
    ],
  })
  expect(text).toMatch(/1 {2}ws 8 +lost/)
  expect(text).toMatch(/2 {2}ws 8 +starting/)
  expect(text).toMatch(/3 {2}ws 8, slow .* 5 +6 /)
})

test('a loss in ack mode is shown', () => {
  const { ledger } = state()
  expect(shown({ ledger: { ...ledger, lost: 7 } })).toContain('7 lost')
})

test('the end is announced instead of how to bring it about', () => {
  const text = shown({ ending: true })
  expect(text).toContain('The feed has ended; subscribers read what is under way.')
  expect(text).not.toContain('Ctrl-C')
})

test('a longer list than fits is cut, and says so', () => {
  const many = Array.from({ length: 30 }, (_, i) => ({ ...state().subscribers[0], name: `client${i}` }))
  const text = shown({ subscribers: many }, { ...wide, rows: 24 })
  expect(text).toContain('client0')
  expect(text).not.toContain('client29')
  const listed = text.match(/client\d+/g)!.length
  expect(text).toContain(`and ${30 - listed} more`)
})

test.each([
  [140, 40],
  [80, 24],
  [40, 10],
  [20, 3],
  [3, 2],
  [1, 1],
])('it keeps to %d columns and %d rows', (columns, rows) => {
  for (const colours of [false, true]) {
    const lines = screen(state(), { columns, rows, colours, unicode: true })
    expect(lines.length).toBeLessThanOrEqual(rows)
    for (const each of lines) expect(width(each)).toBeLessThanOrEqual(columns)
  }
})

test('colours change nothing but the colour, and end on their line', () => {
  const coloured = screen(state(), { ...wide, colours: true })
  expect(coloured.map(plain)).toEqual(screen(state(), wide))
  const escape = String.fromCharCode(27)
  const open = new RegExp(`${escape}\\[(1|2|3[1-6])m`, 'g')
  const shut = new RegExp(`${escape}\\[(22|39)m`, 'g')
  expect(coloured.join('')).toMatch(open)
  for (const each of coloured) expect(each.match(open)?.length).toBe(each.match(shut)?.length)
})

test('a terminal without blocks gets none', () => {
  const text = screen(state(), { ...wide, unicode: false }).join('\n')
  expect(Array.from(text).every((character) => character.charCodeAt(0) < 128)).toBe(true)
})

test('nothing yet: no rate, no subscriber', () => {
  const none = { rate: 0, mean: 0, total: 0, bytes: 0, history: [] }
  expect(shown({ in: none, js: none, out: none, subscribers: [] })).not.toMatch(/NaN|Infinity|undefined/)
})

test('the same as one line', () => {
  expect(line(state())).toBe(
    ' 12.3s  in 123,456/s 14.2 MB/s  to JS 7,654/s  out 246,912/s 14.2 MB/s  loop 42 % ' +
      'lag p50/p99/max 0.2/3.4/12.3 ms  connections 3  reconnects 2  ack mode 2,340/2,345 lost 0  rss 120 MB heap 30 MB  paused 25 %  dropped 0',
  )
  const { flow } = state()
  expect(line(state({ flow: { ...flow, policy: 'drop', dropped: 12 } }))).toMatch(/ {2}dropped 12$/)
  expect(line(state({ flow: { ...flow, policy: 'drop' } }))).not.toContain('paused')
})
