// The end of a run: what it came to, and whether all is accounted for. Pure.
import { clock, count, megabytes, milliseconds, percent, plural, size } from './format.mjs'
import { pad, painter } from './paint.mjs'

/**
 * @typedef {object} Outcome
 * @property {{ elapsed: number, cpu: number, utilisation: number, peak: number,
 *   lag: { p50: number, p99: number, max: number } }} run
 * @property {{ intake: number, intakeBytes: number, records: number, bytes: number, unreadable: number, dropped: number,
 *   held: number, reconnects: number }} service intake: on the I/O thread; records: in JavaScript; held: ms
 * @property {number} restarts of the feeder
 * @property {{ sent: number, acked: number, lost: number, repeated: number, reconnects: number }} ledger in ack mode
 * @property {{ received: number, bytes: number, missing: number, wrong: number }} totals of all subscribers
 * @property {{ name: string, state: string, why: string }[]} subscribers
 * @property {'throttle' | 'drop'} policy
 * @property {string} trouble why it ended before its time; '' when it did not
 */

/** What is wrong with a run, one sentence each; nothing when all is well. @param {Outcome} outcome */
export function troubles({ service, totals, subscribers, policy, trouble, ledger, restarts }) {
  const found = trouble === '' ? [] : [trouble]
  subscribers.forEach(({ name, state, why }, index) => {
    if (state === 'lost') found.push(`Subscriber ${index + 1} (${name}) was lost: ${why}.`)
    else if (state !== 'done') found.push(`Subscriber ${index + 1} (${name}) did not come to the end.`)
  })
  if (service.unreadable > 0)
    found.push(`${plural(service.unreadable, 'message')} of the feed were no flight.`)
  if (totals.wrong > 0) found.push(`${plural(totals.wrong, 'message')} were invalid or out of order.`)
  const whole = subscribers.every(({ state }) => state === 'done')
  if (whole && totals.missing !== service.dropped) {
    found.push(`${count(totals.missing)} are missing, but ${count(service.dropped)} were dropped.`)
  }
  if (policy === 'throttle' && service.dropped > 0) {
    found.push(`${plural(service.dropped, 'message')} were dropped although the feed is throttled.`)
  }
  if (ledger.lost > 0) found.push(`Lost in ack mode: ${plural(ledger.lost, 'message')}.`)
  if (restarts > 0 && service.reconnects === 0)
    found.push(`The feeder was restarted (${count(restarts)}), but the client did not come back.`)
  return found
}

/**
 * @param {Outcome} outcome
 * @param {{ colours: boolean }} terminal
 * @returns {string[]}
 */
export function summary(outcome, { colours }) {
  const { run, service, totals, policy, ledger, restarts } = outcome
  const paint = painter(colours)
  const seconds = Math.max(run.elapsed, 0.001)
  const stream = (messages, bytes) =>
    `${count(messages)} messages, ${count(messages / seconds)}/s, ${megabytes(bytes / seconds)} MB/s`
  const { p50, p99, max } = run.lag
  const rows = [
    ['in', stream(service.intake, service.intakeBytes)],
    ['to JS', stream(service.records, service.bytes)],
    ['out', stream(totals.received, totals.bytes)],
    [
      'event loop',
      `${percent(run.utilisation)} busy, lag p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`,
    ],
    ['process', `cpu ${percent(run.cpu)} with the I/O thread, rss ${size(run.peak)} at most`],
    [
      'reconnects',
      `${count(service.reconnects)} to the feed (${plural(restarts, 'restart')}), ${count(ledger.reconnects)} in ack mode`,
    ],
    [
      'ack mode',
      `${count(ledger.sent)} sent, ${count(ledger.acked)} acknowledged, ${count(ledger.lost)} lost, ${count(ledger.repeated)} twice`,
    ],
    [
      'flow',
      policy === 'throttle'
        ? `nothing was taken for ${percent(service.held / 1000 / seconds)} of the time, ${count(service.dropped)} dropped`
        : `${count(service.dropped)} dropped for slow subscribers`,
    ],
  ]
  const found = troubles(outcome)
  const dropped = totals.missing > 0 ? `; the ${count(totals.missing)} missing are the dropped ones` : ''
  const verdict =
    found.length > 0
      ? found.map((each) => paint.red(each))
      : [
          paint.green(
            `Checked by ${plural(outcome.subscribers.length, 'subscriber')}: every message valid and in order${dropped || ', none missing'}.`,
          ),
        ]
  return [
    `${paint.bold('hawser demo')}, ${clock(run.elapsed)}`,
    ...rows.map(([name, text]) => `  ${pad(paint.bold(name), 12)}${text}`),
    ...verdict,
  ]
}
