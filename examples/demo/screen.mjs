// The meter as lines of text. Pure: the same state gives the same lines.
import { clock, count, megabytes, milliseconds, percent, plural, size, sparkline } from './format.mjs'
import { clip, pad, padLeft, painter, width } from './paint.mjs'

/**
 * What the meter shows. Rates are a second's, bytes are bytes, lag is milliseconds, shares are 0 to 1.
 * @typedef {object} State
 * @property {number} elapsed seconds
 * @property {number} seconds how long it runs; 0: until it is told to end
 * @property {{ records: number, topics: number, rate: number }} feed
 * @property {string} url where subscribers connect
 * @property {boolean} ending the feed has ended, subscribers read what is under way
 * @property {Stream} in what the managed client took in, on the I/O thread
 * @property {Stream} js what of it reached JavaScript
 * @property {Stream} out what the subscribers got
 * @property {{ utilisation: number, p50: number, p99: number, max: number }} loop
 * @property {{ cpu: number, rss: number, heap: number }} process cpu: of all threads, so it may be above 1
 * @property {{ subscribers: number, feed: boolean, restarts: number, reconnects: number }} connections restarts: of the
 *   feeder; reconnects: of the client to it
 * @property {{ sent: number, acked: number, lost: number, repeated: number }} ledger messages in ack mode
 * @property {{ policy: 'throttle' | 'drop', held: number, holding: boolean, behind?: number, bound: number,
 *   dropped: number }} flow
 * @property {Subscriber[]} subscribers
 *
 * @typedef {{ rate: number, mean: number, total: number, bytes: number, history: number[] }} Stream
 * @typedef {{ name: string, state: 'starting' | 'reading' | 'done' | 'lost', slow: boolean, rate: number, bytes: number,
 *   total: number, missing: number, wrong: number }} Subscriber
 *
 * @typedef {{ columns: number, rows: number, colours: boolean, unicode: boolean }} Terminal
 */

const widest = 160
const margin = ' '

/**
 * One screen, at most `rows` lines of at most `columns` characters.
 * @param {State} state @param {Terminal} terminal
 * @returns {string[]}
 */
export function screen(state, terminal) {
  const columns = Math.min(terminal.columns, widest)
  const view = {
    ...terminal,
    columns: Math.max(0, columns - 2 * margin.length),
    paint: painter(terminal.colours),
  }
  const above = [...heading(state, view), '', ...streams(state, view), '', ...gauges(state, view), '']
  const below = ['', footer(state, view)]
  const room = Math.max(2, terminal.rows - above.length - below.length)
  const lines = [...above, ...table(state, view, room), ...below]
  return lines.slice(0, terminal.rows).map((line) => clip(line === '' ? '' : margin + line, columns))
}

function footer({ ending, url }, { paint }) {
  if (ending) return paint.yellow('The feed has ended; subscribers read what is under way.')
  return paint.dim(`Ctrl-C ends it. Join in: ${url}, say {"subscribe":["ORD"]}`)
}

function heading({ elapsed, seconds, feed }, { columns, paint, unicode }) {
  const arrow = unicode ? '─▶' : '->'
  const time = seconds > 0 ? `${clock(elapsed)} / ${clock(seconds)}` : clock(elapsed)
  const title = `${paint.bold('hawser demo')}  ${count(feed.records)} flights over and over, from ${plural(feed.topics, 'airport')}`
  const path = [
    'feeder in C++',
    'filter, conflate',
    'JavaScript',
    'publish by airport',
    'other clients',
  ].join(` ${arrow} `)
  const rule = (unicode ? '─' : '-').repeat(columns)
  return [between(title, paint.bold(time), columns), paint.dim(rule), paint.cyan(path)]
}

const streams = (state, view) =>
  streamTable(
    [
      ['in', state.in, view.paint.green],
      ['to JS', state.js, view.paint.yellow],
      ['out', state.out, view.paint.cyan],
    ],
    view,
  )

/**
 * Streams in numbers and as graphs.
 * @param {[name: string, stream: Stream, colour: (text: string) => string][]} rows
 * @param {{ columns: number, paint: ReturnType<typeof painter>, unicode: boolean }} view
 */
export function streamTable(rows, { columns, paint, unicode }) {
  const cells = [11, 13, 12, 16, 8]
  const row = (texts) =>
    texts.map((text, i) => (i === 0 ? pad(text, cells[i]) : padLeft(text, cells[i]))).join('')
  const left = cells.reduce((sum, each) => sum + each)
  return [
    paint.dim(row(['messages', 'now /s', 'mean /s', 'total', 'MB/s'])),
    ...rows.map(([name, { rate, mean, total, bytes, history }, colour]) => {
      const numbers = [paint.bold(name), paint.bold(count(rate)), count(mean), count(total)]
      const graph = colour(sparkline(history, columns - left - 2, unicode))
      return `${row([...numbers, bytes > 0 ? megabytes(bytes) : ''])}  ${graph}`
    }),
  ]
}

function gauges(state, { columns, paint, unicode }) {
  const { loop, process, connections, ledger } = state
  const lag = `lag p50 ${milliseconds(loop.p50)}  p99 ${milliseconds(loop.p99)}  max ${milliseconds(loop.max)}`
  const cpu = `cpu ${percent(process.cpu)} with the I/O thread`
  const memory = `rss ${size(process.rss)}  heap ${size(process.heap)}`
  const peers = `${connections.subscribers} in, ${connections.feed ? 'one' : 'none'} to the feed`
  const again = `${plural(connections.restarts, 'restart')}, ${plural(connections.reconnects, 'reconnect')}`
  const lost = ledger.lost > 0 ? paint.red(`${count(ledger.lost)} lost`) : '0 lost'
  const wide = columns >= 110
  const busy = `${pad(`${percent(loop.utilisation)} busy`, 11)}`
  const rows = [
    ['event loop', `${busy}${wide ? `${bar(loop.utilisation, 20, unicode)}   ` : ''}${lag}`],
    ['process', `${pad(cpu, 35)}${memory}`],
    ['connections', `${peers}; ${again}`],
    [
      'ack mode',
      `${count(ledger.acked)} of ${count(ledger.sent)} acknowledged, ${lost}, ${count(ledger.repeated)} sent again`,
    ],
    ...flowRows(state, { paint, unicode, wide }),
  ]
  return rows.map(([name, text]) => `${pad(paint.bold(name), 14)}${text}`)
}

function flowRows({ flow }, { paint, unicode, wide }) {
  const dropped = flow.dropped > 0 ? paint.yellow(`${count(flow.dropped)} dropped`) : '0 dropped'
  if (flow.policy === 'drop') {
    return [
      ['policy', `drop: above ${size(flow.bound)} for a subscriber, messages are left out`],
      ['flow', dropped],
    ]
  }
  const mark = flow.holding ? paint.yellow('paused') : paint.green('flowing')
  const behind = flow.behind ?? 0
  const gauge = wide ? `${bar(behind / flow.bound, 20, unicode)} ` : ''
  return [
    ['policy', 'throttle: nothing is taken while subscribers are behind, so nothing published is lost'],
    [
      'flow',
      `${pad(mark, 9)}${percent(flow.held)} paused, ${gauge}${size(behind)} of ${size(flow.bound)} wait, ${dropped}`,
    ],
  ]
}

function table({ subscribers }, { columns, paint, unicode }, room) {
  const cells = [22, 12, 8, 15, 13, 8]
  const row = (texts) =>
    texts.map((text, i) => (i === 0 ? pad(text, cells[i]) : padLeft(text, cells[i]))).join('')
  const left = cells.reduce((sum, each) => sum + each)
  const graph = Math.min(40, columns - left - 3)
  const fastest = Math.max(...subscribers.map(({ rate }) => rate), 1)
  const bad = (value, colour) => (value > 0 ? colour(count(value)) : '0')
  const lines = subscribers.map((each, index) => {
    const name = `${index + 1}  ${each.name}${each.slow ? ', slow' : ''}`
    if (each.state === 'lost') return row([name, paint.red('lost')])
    if (each.state === 'starting') return row([name, paint.dim('starting')])
    const texts = [name, count(each.rate), megabytes(each.bytes), count(each.total)]
    const line = row([...texts, bad(each.missing, paint.yellow), bad(each.wrong, paint.red)])
    return graph >= 8 ? `${line}   ${paint.dim(bar(each.rate / fastest, graph, unicode))}` : line
  })
  const shown = lines.length + 1 > room ? lines.slice(0, Math.max(0, room - 2)) : lines
  const rest = lines.length - shown.length
  return [
    paint.dim(row(['subscriber', 'messages/s', 'MB/s', 'total', 'missing', 'wrong'])),
    ...shown,
    ...(rest > 0 ? [paint.dim(`and ${rest} more`)] : []),
  ]
}

function bar(share, columns, unicode) {
  const full = Math.round(Math.min(1, Math.max(0, share)) * columns)
  const [on, off] = unicode ? ['█', '░'] : ['#', '.']
  return on.repeat(full) + off.repeat(columns - full)
}

function between(left, right, columns) {
  return left + ' '.repeat(Math.max(1, columns - width(left) - width(right))) + right
}

/**
 * The same state as one line, for where there is no screen.
 * @param {State} state
 */
export function line(state) {
  const { loop, flow, process, connections, ledger } = state
  const lag = [loop.p50, loop.p99, loop.max].map((each) => each.toFixed(1)).join('/')
  return [
    padLeft(`${state.elapsed.toFixed(1)}s`, 6),
    `in ${count(state.in.rate)}/s ${megabytes(state.in.bytes)} MB/s`,
    `to JS ${count(state.js.rate)}/s`,
    `out ${count(state.out.rate)}/s ${megabytes(state.out.bytes)} MB/s`,
    `loop ${percent(loop.utilisation)} lag p50/p99/max ${lag} ms`,
    `connections ${connections.subscribers + (connections.feed ? 1 : 0)}`,
    `reconnects ${connections.reconnects}`,
    `ack mode ${count(ledger.acked)}/${count(ledger.sent)} lost ${count(ledger.lost)}`,
    `rss ${size(process.rss)} heap ${size(process.heap)}`,
    ...(flow.policy === 'throttle' ? [`paused ${percent(flow.held)}`] : []),
    `dropped ${count(flow.dropped)}`,
  ].join('  ')
}
