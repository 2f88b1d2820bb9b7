// The end of a run with the dashboard: what it came to, and whether all is accounted for. Pure.
import { clock, count, megabytes, milliseconds, percent, plural, size } from '../format.mjs'
import { pad, painter } from '../paint.mjs'

/**
 * @typedef {object} LiveOutcome
 * @property {number} elapsed seconds
 * @property {{ in: number, inBytes: number, js: number, out: number, outBytes: number }} totals of all lives of the service
 * @property {{ busy: number, cpu: number, worst: number, peak: number }} service worst: delay of the event loop in ms
 * @property {number} restarts that were asked for
 * @property {number} crashes that were not
 * @property {{ taken: number, missed: number, broken: number, reconnects: number }} watcher
 * @property {{ sent: number, acked: number, booked: number, repeated: number }} ledger
 * @property {string} trouble why it ended before its time; '' when it did not
 */

/** What is wrong with a run, one sentence each; nothing when all is well. @param {LiveOutcome} outcome */
export function liveTroubles({ totals, watcher, ledger, crashes, trouble }) {
  const found = trouble === '' ? [] : [trouble]
  if (totals.in === 0) found.push('Nothing came from the feed.')
  if (crashes > 0) found.push(`The service ended ${plural(crashes, 'time')} without being asked to.`)
  if (watcher.missed > 0) found.push(`Missed in rooms that keep their messages: ${count(watcher.missed)}.`)
  if (watcher.broken > 0) found.push(`Positions that could not be resumed: ${count(watcher.broken)}.`)
  if (ledger.booked !== ledger.sent)
    found.push(`Lost in ack mode: ${plural(ledger.sent - ledger.booked, 'message')}.`)
  return found
}

/**
 * @param {LiveOutcome} outcome
 * @param {{ colours: boolean }} terminal
 * @returns {string[]}
 */
export function liveSummary(outcome, { colours }) {
  const { elapsed, totals, service, restarts, watcher, ledger } = outcome
  const paint = painter(colours)
  const seconds = Math.max(elapsed, 0.001)
  const rate = (messages) => `${count(messages)} messages, ${count(messages / seconds)}/s`
  const rows = [
    ['in', `${rate(totals.in)}, ${megabytes(totals.inBytes / seconds)} MB/s`],
    ['to JS', rate(totals.js)],
    ['published', `${rate(totals.out)}, ${megabytes(totals.outBytes / seconds)} MB/s`],
    ['event loop', `${percent(service.busy)} busy at the end, lag at most ${milliseconds(service.worst)}`],
    ['process', `cpu ${percent(service.cpu)} with the I/O thread, rss ${size(service.peak)} at most`],
    [
      'restarts',
      `${count(restarts)} of the service, ${plural(watcher.reconnects, 'reconnect')} of its watcher`,
    ],
    [
      'ack mode',
      `${count(ledger.sent)} sent, ${count(ledger.acked)} acknowledged, ${count(ledger.sent - ledger.booked)} lost, ${count(ledger.repeated)} twice`,
    ],
    ['resume', `${count(watcher.taken)} kept messages read in order, ${count(watcher.missed)} missed`],
  ]
  const found = liveTroubles(outcome)
  return [
    `${paint.bold('hawser demo')}, ${clock(elapsed)}`,
    ...rows.map(([name, text]) => `  ${pad(paint.bold(name), 12)}${text}`),
    ...(found.length > 0
      ? found.map((each) => paint.red(each))
      : [paint.green('Checked by a watcher: nothing missed, nothing lost.')]),
  ]
}
