// Prints the README's table from a result file: node bench/table.mjs [bench/results/<date>.json], the newest by default.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const results = join(dirname(fileURLToPath(import.meta.url)), 'results')
const newest = () =>
  join(
    results,
    readdirSync(results)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .at(-1),
  )

const { date, machine, versions, settings, cases } = JSON.parse(
  readFileSync(process.argv[2] ?? newest(), 'utf8'),
)
const lowerIsBetter = (unit) => !unit.endsWith('/s')

function figure(value, unit) {
  if (value === undefined) return '–'
  if (unit === 'µs') return `${value.toFixed(1)} µs`
  const short =
    value >= 1e6
      ? `${(value / 1e6).toFixed(2)} M`
      : value >= 1e4
        ? `${Math.round(value / 1e3)} k`
        : `${Math.round(value)}`
  return unit === 'bytes a connection' ? `${Math.round(value).toLocaleString('en-US')} B` : short
}

function ratio(ours, other, unit) {
  if (ours === undefined || other === undefined || other === 0) return '–'
  const quotient = ours / other
  return `${quotient >= 10 ? Math.round(quotient) : quotient.toFixed(2)} ×${lowerIsBetter(unit) ? ' (less is better)' : ''}`
}

console.log('| case | hawser | ws | Bun | to ws | to Bun |')
console.log('|---|---|---|---|---|---|')
for (const { title, unit, summaries } of cases) {
  const value = (peer) => summaries[peer]?.value
  const [ours, ws, bun] = [value('hawser'), value('ws'), value('bun')]
  const cells = [ours, ws, bun].map((each) => figure(each, unit))
  console.log(
    `| ${title}, ${unit} | ${cells.join(' | ')} | ${ratio(ours, ws, unit)} | ${ratio(ours, bun, unit)} |`,
  )
}
console.log(
  `\n${date.slice(0, 10)}: ${machine.model}, ${machine.processors} cores, Linux ${machine.kernel}; Node ${versions.node}, ` +
    `ws ${versions.ws} with bufferutil ${versions.bufferutil}, Bun ${versions['@oven/bun-linux-x64']}; ` +
    `medians of ${settings.rounds} rounds of ${settings.seconds} s.`,
)
