// `npm run bench`: runs hawser and its peers by turns in one run, and prints medians, ratios and targets.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { help, readOptions } from './e2e/options.mjs'
import { hasScript, whyAbsent } from './e2e/peers.mjs'
import { endAll } from './e2e/processes.mjs'
import { byCase, caseTable, judge, listing, summarize, totals } from './e2e/report.mjs'
import { callCounters, runners } from './e2e/runners.mjs'
import { descriptorLimit, prepare, versions } from './e2e/setup.mjs'
import { canCount } from './e2e/system-calls.mjs'
import { measurePieces, piecesTable } from './micro/run.mjs'

const bench = dirname(fileURLToPath(import.meta.url))
const side = {
  echo: 'servers',
  rtt: 'servers',
  idle: 'servers',
  publish: 'servers',
  heartbeat: 'servers',
  receive: 'clients',
  send: 'clients',
  feed: 'clients',
  rxjs: 'clients',
  conflate: 'clients',
  columns: 'clients',
  request: 'clients',
  idleClients: 'clients',
  rooms: 'servers',
  nodes: 'servers',
  resume: 'servers',
  members: 'servers',
  react: 'clients',
}
const scriptKind = {
  rtt: 'echo',
  idle: 'echo',
  idleClients: 'idle',
  nodes: 'rooms',
  resume: 'rooms',
  members: 'rooms',
}

const log = (text) => process.stderr.write(`${text}\n`)

/** Peers of a case in the order of a round: everyone begins in turn. */
function turns(names, round) {
  const first = round % names.length
  return [...names.slice(first), ...names.slice(0, first)]
}

async function runCase(test, names, context, options) {
  const runs = Object.fromEntries(names.map((name) => [name, []]))
  const rounds = Math.min(options.rounds, test.mostRounds ?? Infinity)
  for (let round = 0; round < rounds; round++) {
    for (const name of turns(names, round)) {
      log(`${test.id}  round ${round + 1}/${rounds}  ${name}`)
      try {
        runs[name].push(await runners[test.kind](context, name, test))
      } catch (error) {
        log(`  failed: ${error.message}`)
        runs[name].push({ error: error.message })
      }
    }
  }
  const summaries = Object.fromEntries(names.map((name) => [name, summarize(runs[name])]))
  if (options.syscalls && callCounters[test.kind]) await addCallCounts(test, names, context, summaries)
  return { test, runs, summaries }
}

async function addCallCounts(test, names, context, summaries) {
  for (const name of names) {
    log(`${test.id}  system calls  ${name}`)
    try {
      summaries[name].callsPerMessage = await callCounters[test.kind](context, name, test)
    } catch (error) {
      log(`  failed: ${error.message}`)
    }
  }
}

function writeResults(results, absent, micro, options) {
  const directory = join(bench, 'results')
  mkdirSync(directory, { recursive: true })
  const date = new Date().toISOString()
  const file = join(directory, `${date.slice(0, 19).replaceAll(':', '-')}.json`)
  const record = {
    date,
    machine: { processors: cpus().length, model: cpus()[0]?.model, kernel: release() },
    versions: versions(),
    settings: { rounds: options.rounds, seconds: options.seconds, warmup: options.warmup },
    absent,
    cases: results.map(({ test, runs, summaries }) => ({
      id: test.id,
      title: test.title,
      unit: test.unit,
      summaries,
      verdicts: judge(test, summaries, byCase(results)),
      runs,
    })),
    micro,
  }
  writeFileSync(file, JSON.stringify(record, null, 2) + '\n')
  return file
}

async function runCases(options) {
  const prepared = await prepare({ install: !options['no-install'], log })
  const context = { ...prepared, seconds: options.seconds, warmup: options.warmup }
  const needed = Math.max(0, ...options.cases.map((test) => test.load.connections ?? 0))
  if (descriptorLimit() < needed + 500)
    log(`only ${descriptorLimit()} descriptors may be open; raise it: ulimit -n 20000`)
  if (options.syscalls && !(await canCount())) {
    log('neither perf nor strace can count system calls here; that pass is left out')
    options.syscalls = false
  }

  const absent = {}
  for (const name of options.peers) {
    const reason = await whyAbsent(name)
    if (reason === undefined) continue
    absent[name] = reason
    log(`${name}: ${reason}`)
  }

  const results = []
  for (const test of options.cases) {
    const names = test.peers.filter(
      (name) =>
        options.peers.includes(name) &&
        !absent[name] &&
        hasScript(name, side[test.kind], scriptKind[test.kind] ?? test.kind),
    )
    if (names.length === 0) continue
    const result = await runCase(test, names, context, options)
    results.push(result)
    console.log(caseTable(test, result.summaries, absent, byCase(results)))
  }
  return { results, absent }
}

// Without Google Benchmark the pieces are left out; all else is measured all the same.
async function measureMicro(options) {
  const { rounds, seconds } = options
  try {
    const measured = await measurePieces({ install: !options['no-install'], rounds, seconds, log })
    console.log(piecesTable(measured))
    return measured
  } catch (error) {
    if (options.cases.length === 0) throw error
    log(`micro is left out: ${error.message}`)
    return { error: error.message }
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return console.log(help)
  if (options.list) return console.log(listing(options.cases, options.micro))

  const { results, absent } = options.cases.length > 0 ? await runCases(options) : { results: [], absent: {} }
  if (results.length > 0) console.log(totals(results))
  const micro = options.micro ? await measureMicro(options) : undefined
  log(`written to ${writeResults(results, absent, micro, options)}`)
  const failed = results.some(({ summaries }) =>
    Object.values(summaries).some((each) => each.error !== undefined),
  )
  if (failed) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  log(error.message)
  process.exitCode = 1
} finally {
  endAll()
}
