// The dashboard's service on the terminal: one screen, or a line where there is none. Pure.
import { clock, count, megabytes, milliseconds, percent, plural, size } from '../format.mjs'
import { clip, pad, padLeft, painter, width } from '../paint.mjs'
import { streamTable } from '../screen.mjs'

/**
 * @typedef {ReturnType<import('./gauges.mjs').LiveGauges['sample']> & { seconds: number, url: string, ending: boolean,
 *   left?: number }} LiveState seconds: how long it runs, 0: until it is told to end; left: seconds until it ends for want
 *   of visitors
 */

const widest = 120
const margin = ' '

/**
 * One screen, at most `rows` lines of at most `columns` characters.
 * @param {LiveState} state @param {import('../screen.mjs').Terminal} terminal
 * @returns {string[]}
 */
export function liveScreen(state, terminal) {
  const columns = Math.min(terminal.columns, widest)
  const view = {
    ...terminal,
    columns: Math.max(0, columns - 2 * margin.length),
    paint: painter(terminal.colours),
  }
  const lines = [
    '',
    ...heading(state, view),
    '',
    ...streams(state, view),
    '',
    ...rows(state, view),
    '',
    footer(state, view),
  ]
  return lines.slice(0, terminal.rows).map((line) => clip(line === '' ? '' : margin + line, columns))
}

function heading({ url, elapsed, seconds }, { columns, paint, unicode }) {
  const time = seconds > 0 ? `${clock(elapsed)} / ${clock(seconds)}` : clock(elapsed)
  const left = `${paint.bold('hawser demo')}  ${paint.bold(paint.cyan(url))}`
  const rule = (unicode ? '─' : '-').repeat(columns)
  return [left + padLeft(paint.bold(time), Math.max(0, columns - width(left))), paint.dim(rule)]
}

const streams = (state, view) =>
  streamTable(
    [
      ['in', state.in, view.paint.green],
      ['to JS', state.js, view.paint.yellow],
      ['published', state.out, view.paint.cyan],
    ],
    view,
  )

function rows({ service, watcher }, { paint }) {
  const { lag } = service
  const zero = (value, words) => (value > 0 ? paint.red(`${count(value)} ${words}`) : `0 ${words}`)
  const again = [
    plural(service.restarts, 'restart'),
    service.crashes > 0 ? plural(service.crashes, 'crash') : '',
  ]
  return [
    [
      'event loop',
      `${percent(service.busy)} busy, lag p50 ${milliseconds(lag.p50)}  p99 ${milliseconds(lag.p99)}  max ${milliseconds(lag.max)}`,
    ],
    [
      'service',
      `process ${service.pid}, ${again.filter(Boolean).join(', ')}; cpu ${percent(service.cpu)}, rss ${size(service.rss)}, heap ${size(service.heap)}`,
    ],
    [
      'visitors',
      `${plural(service.people, 'visitor')}; ${count(service.heartbeats)} heartbeats answered; feed ${service.feed ? 'connected' : 'away'}`,
    ],
    [
      'resume',
      `${count(watcher.taken)} kept messages read, ${zero(watcher.missed, 'missed')}, ${plural(watcher.reconnects, 'reconnect')}`,
    ],
    [
      'ack mode',
      `${count(watcher.acked)} of ${count(watcher.sent)} acknowledged, ${count(watcher.repeated)} sent again`,
    ],
  ].map(([name, text]) => `${pad(paint.bold(name), 13)}${text}`)
}

function footer({ ending, left }, { paint }) {
  if (ending) return paint.yellow('The demo ends; what is under way is waited for.')
  if (left !== undefined) return paint.dim(`Nobody looks; ends in ${Math.ceil(left)} s. Ctrl-C ends it.`)
  return paint.dim('Open the address in a browser, in two if you like. Ctrl-C ends it.')
}

/** The same state as one line. @param {LiveState} state */
export function liveLine({ elapsed, in: feed, js, out, service, watcher }) {
  const lag = [service.lag.p50, service.lag.p99, service.lag.max].map((each) => each.toFixed(1)).join('/')
  return [
    padLeft(`${elapsed.toFixed(1)}s`, 6),
    `in ${count(feed.rate)}/s ${megabytes(feed.bytes)} MB/s`,
    `to JS ${count(js.rate)}/s`,
    `published ${count(out.rate)}/s`,
    `loop ${percent(service.busy)} lag p50/p99/max ${lag} ms`,
    `visitors ${service.people}`,
    `restarts ${service.restarts}`,
    `missed ${count(watcher.missed)}`,
    `ack mode ${count(watcher.acked)}/${count(watcher.sent)}`,
    `rss ${size(service.rss)}`,
  ].join('  ')
}
