// Medians, targets and tables.
import { peers } from './peers.mjs'

const colours = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text)
const bold = (text) => paint(1, text)
const dim = (text) => paint(2, text)
const green = (text) => paint(32, text)
const yellow = (text) => paint(33, text)

export function median(values) {
  const sorted = values.filter((each) => Number.isFinite(each)).sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Medians of all numeric properties of a peer's runs, and the range of `value`. */
export function summarize(runs) {
  const valid = runs.filter((each) => each.error === undefined)
  if (valid.length === 0) return { error: runs.at(-1)?.error ?? 'no run' }
  const summary = { rounds: valid.length, failedRounds: runs.length - valid.length }
  for (const key of new Set(valid.flatMap((run) => Object.keys(run)))) {
    const value = median(valid.map((run) => run[key]))
    if (value !== undefined) summary[key] = value
  }
  const values = valid.map((run) => run.value)
  return { ...summary, low: Math.min(...values), high: Math.max(...values) }
}

const words = {
  growth: 'growth of memory under load',
  deadLeftOpen: 'dead peers left open',
  deadClosedAfter: 'ms until dead peers were closed',
  loop: 'event loop utilization',
  rendersPerFrame: 'renderings a frame',
  idleCpu: 'processor time while idle',
}

/**
 * One verdict a target: { text, pass: true | false | undefined (not measured), aimed }. `others` are the summaries of the
 * run's other cases by their ids.
 */
export function judge(test, summaries, others = {}) {
  const ours = summaries.hawser
  return test.targets.map((target) => {
    const { over, of = 'value', in: elsewhere, atLeast, atMost, equals, aim } = target
    const against = over ? ` × ${peers[over].title}${elsewhere ? ` in ${elsewhere}` : ''}` : ''
    const what = of === 'value' ? '' : ` (${words[of]})`
    const goal = equals !== undefined ? `= ${equals}` : atLeast !== undefined ? `≥ ${atLeast}` : `≤ ${atMost}`
    const text = `${goal}${against}${what}`
    const mine = ours?.[of]
    const compared = elsewhere ? others[elsewhere] : summaries
    const theirs = over ? compared?.[over]?.[of] : 1
    if (mine === undefined || theirs === undefined) return { text, pass: undefined }
    const figure = mine / theirs
    const reaches = (limit) => (atLeast !== undefined ? figure >= limit : figure <= limit)
    const pass = equals !== undefined ? figure === equals : reaches(atLeast ?? atMost)
    return { text, figure, pass, aim, aimed: aim === undefined ? undefined : reaches(aim) }
  })
}

export function formatNumber(value) {
  if (value === undefined) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3).replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros))
}

function ratio(test, summaries, name) {
  const mine = summaries.hawser?.value
  const theirs = summaries[name]?.value
  if (name === 'hawser' || !mine || !theirs) return ''
  return `${formatNumber(mine / theirs)} ×`
}

const megabytes = (value) => (value === undefined ? undefined : value / 1e6)

const columns = [
  ['median', (summary) => formatNumber(summary.value)],
  ['lowest', (summary) => formatNumber(summary.low)],
  ['highest', (summary) => formatNumber(summary.high)],
  ['p99', (summary) => formatNumber(summary.p99), 'p99'],
  ['CPU s/M', (summary) => formatNumber(summary.cpu), 'cpu'],
  ['calls/msg', (summary) => formatNumber(summary.callsPerMessage), 'callsPerMessage'],
  ['RSS MB', (summary) => formatNumber(megabytes(summary.resident)), 'resident'],
  ['loop', (summary) => formatNumber(summary.loop), 'loop'],
  ['delivered/s', (summary) => formatNumber(summary.delivered), 'delivered'],
  ['CPU s', (summary) => formatNumber(summary.processor), 'processor'],
  ['idle CPU ms/s', (summary) => formatNumber(summary.idleCpu), 'idleCpu'],
  ['reply B', (summary) => formatNumber(summary.bytes), 'bytes'],
  ['dead open', (summary) => formatNumber(summary.deadLeftOpen), 'deadLeftOpen'],
  ['dead after ms', (summary) => formatNumber(summary.deadClosedAfter), 'deadClosedAfter'],
  ['renders', (summary) => formatNumber(summary.renders), 'renders'],
  ['frames', (summary) => formatNumber(summary.frames), 'frames'],
  ['flooding lost', (summary) => formatNumber(summary.floodingLost), 'floodingLost'],
]

function row(cells, widths) {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
}

function verdictLine({ text, figure, pass, aim, aimed }) {
  if (pass === undefined) return dim(`  · ${text}: not measured`)
  const aiming = aim === undefined ? '' : aimed ? `, aim ${aim} reached` : `, aim ${aim} not reached`
  const line = `${text}: ${formatNumber(figure)}${aiming}`
  return pass ? green(`  ✓ ${line}`) : yellow(`  ✗ ${line}, short`)
}

/** The table of one case as text. */
export function caseTable(test, summaries, absent, others) {
  const present = Object.entries(summaries).filter(([, summary]) => summary.error === undefined)
  const shown = columns.filter(
    ([, , key]) => key === undefined || present.some(([, summary]) => summary[key] !== undefined),
  )
  const head = ['', ...shown.map(([name]) => name), 'hawser is']
  const rows = present.map(([name, summary]) => [
    peers[name].title,
    ...shown.map(([, cell]) => cell(summary)),
    ratio(test, summaries, name),
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((cells) => cells[i].length)))
  const lines = ['', `${bold(test.title)} ${dim(`[${test.id}] ${test.unit}`)}`, dim('  ' + row(head, widths))]
  for (const cells of rows) lines.push('  ' + row(cells, widths))
  for (const [name, summary] of Object.entries(summaries)) {
    if (summary.error !== undefined)
      lines.push(yellow(`  ${peers[name].title}: failed: ${summary.error.split('\n')[0]}`))
  }
  for (const name of test.peers) {
    if (absent[name]) lines.push(dim(`  ${peers[name].title}: ${absent[name].split(' (')[0]}`))
  }
  for (const verdict of judge(test, summaries, others)) lines.push(verdictLine(verdict))
  return lines.join('\n')
}

/** The summaries of a run by the ids of their cases. */
export function byCase(results) {
  return Object.fromEntries(results.map(({ test, summaries }) => [test.id, summaries]))
}

export function totals(results) {
  const others = byCase(results)
  const verdicts = results.flatMap(({ test, summaries }) => judge(test, summaries, others))
  const count = (pass) => verdicts.filter((each) => each.pass === pass).length
  return `\n${count(true)} targets reached, ${count(false)} short, ${count(undefined)} not measured`
}

/** The cases and their targets, and whether the pieces of the core are measured, for --list. */
export function listing(cases, micro) {
  const pieces = micro ? [`${''.padEnd(20)} ${'micro'.padEnd(10)} pieces of the core by themselves`] : []
  return cases
    .map((test) => {
      const goals = judge(test, {}).map((each) => each.text)
      const line = `${test.id.padEnd(20)} ${test.group.padEnd(10)} ${test.title}`
      return goals.length > 0 ? `${line}\n${' '.repeat(32)}${goals.join(', ')}` : line
    })
    .concat(pieces)
    .join('\n')
}
