// The verdict over a run of the demo: what counts as trouble, and what the summary says.
import { summary, troubles } from '../../examples/demo/summary.mjs'
import { outcome } from './support'

const { service, totals, subscribers, ledger } = outcome()

test('a run in which all is accounted for has no trouble', () => {
  expect(troubles(outcome())).toEqual([])
})

test('so has one in which exactly the dropped ones are missing', () => {
  const run = outcome({
    policy: 'drop',
    service: { ...service, dropped: 7 },
    totals: { ...totals, missing: 7 },
  })
  expect(troubles(run)).toEqual([])
})

test.each<[string, Parameters<typeof outcome>[0], string[]]>([
  ['it ended before its time', { trouble: 'The feed ended: gone.' }, ['The feed ended: gone.']],
  [
    'a subscriber was lost',
    {
      subscribers: [subscribers[0], { name: 'ws 8', state: 'lost', why: 'its process was ended by SIGKILL' }],
    },
    ['Subscriber 2 (ws 8) was lost: its process was ended by SIGKILL.'],
  ],
  [
    'a subscriber hangs',
    { subscribers: [{ name: 'ws 8', state: 'reading', why: '' }, subscribers[1]] },
    ['Subscriber 1 (ws 8) did not come to the end.'],
  ],
  [
    'the feed had one text that is no record',
    { service: { ...service, unreadable: 1 } },
    ['one message of the feed were no flight.'],
  ],
  [
    'messages were wrong',
    { totals: { ...totals, wrong: 1200 } },
    ['1,200 messages were invalid or out of order.'],
  ],
  [
    'messages are missing that nobody dropped',
    { totals: { ...totals, missing: 3 } },
    ['3 are missing, but 0 were dropped.'],
  ],
  [
    'fewer are missing than were dropped',
    { policy: 'drop', service: { ...service, dropped: 5 }, totals: { ...totals, missing: 4 } },
    ['4 are missing, but 5 were dropped.'],
  ],
  [
    'some were dropped although the feed waits',
    { service: { ...service, dropped: 2 }, totals: { ...totals, missing: 2 } },
    ['2 messages were dropped although the feed is throttled.'],
  ],
  ['a message in ack mode was lost', { ledger: { ...ledger, lost: 1 } }, ['Lost in ack mode: one message.']],
  [
    'the client did not come back',
    { restarts: 2, service: { ...service, reconnects: 0 } },
    ['The feeder was restarted (2), but the client did not come back.'],
  ],
])('trouble: %s', (_name, more, expected) => {
  expect(troubles(outcome(more))).toEqual(expected)
})

test('who did not come to the end cannot say what is missing', () => {
  const lost = [{ name: 'ws 8', state: 'lost', why: 'x' }]
  expect(troubles(outcome({ subscribers: lost, totals: { ...totals, missing: 3 } }))).toHaveLength(1)
})

test('the summary has both streams, the process, the flow and the verdict', () => {
  const lines = summary(outcome(), { colours: false })
  expect(lines).toEqual([
    'hawser demo, 00:10',
    '  in          9,000,000 messages, 900,000/s, 90.0 MB/s',
    '  to JS       1,000,000 messages, 100,000/s, 10.0 MB/s',
    '  out         2,000,000 messages, 200,000/s, 22.0 MB/s',
    '  event loop  50 % busy, lag p50 0.2 ms, p99 3.0 ms, max 12 ms',
    '  process     cpu 120 % with the I/O thread, rss 150 MB at most',
    '  reconnects  3 to the feed (3 restarts), 1 in ack mode',
    '  ack mode    2,000 sent, 2,000 acknowledged, 0 lost, 20 twice',
    '  flow        nothing was taken for 25 % of the time, 0 dropped',
    'Checked by 2 subscribers: every message valid and in order, none missing.',
  ])
})

test('trouble stands where the verdict would', () => {
  const lines = summary(outcome({ trouble: 'Something broke.' }), { colours: false })
  expect(lines.at(-1)).toBe('Something broke.')
  expect(lines.join()).not.toContain('Checked by')
})

test('what was dropped is told under the other policy', () => {
  const run = outcome({
    policy: 'drop',
    service: { ...service, dropped: 7 },
    totals: { ...totals, missing: 7 },
  })
  const lines = summary(run, { colours: false })
  expect(lines.at(-2)).toBe('  flow        7 dropped for slow subscribers')
  expect(lines.at(-1)).toBe(
    'Checked by 2 subscribers: every message valid and in order; the 7 missing are the dropped ones.',
  )
})

test('a run of no length divides by nothing', () => {
  const run = outcome({ run: { ...outcome().run, elapsed: 0 } })
  expect(summary(run, { colours: false }).join()).not.toMatch(/NaN|Infinity/)
})
