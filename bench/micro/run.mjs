// Builds and runs hawser-micro: what pieces of the core cost by themselves, in nanoseconds and instructions.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readCommand, runCommand } from '../e2e/processes.mjs'
import { buildDir, root } from '../../scripts/lib/project.mjs'
import { compilerEnvironment, which } from '../../scripts/lib/run.mjs'
import { installSystemPackages, missingPackages } from '../../scripts/lib/system-packages.mjs'

const program = join(buildDir, 'dev', 'bench', 'micro', 'hawser-micro')

// A simulator runs a few hundred times as slowly; the price of a round differs by nothing from one to the next.
const simulatedNanoseconds = 1e6
const leastRounds = 20
const mostRounds = 2000

/** Where a processor does not let its instructions be counted, valgrind counts those it simulates. */
const sources = {
  processor: 'counted by the processor',
  valgrind: 'counted by valgrind, whose processor has no AVX-512',
}

async function build(log) {
  const missing = missingPackages('bench')
  if (missing.length > 0) await installSystemPackages(missing)
  log('building hawser-micro')
  // Configured anew: Google Benchmark may have come since.
  const options = { cwd: root, env: compilerEnvironment() }
  await runCommand('cmake', ['cmake', '--log-level=WARNING', '--preset', 'dev'], options)
  const command = ['cmake', '--build', join(buildDir, 'dev'), '--target', 'hawser-micro']
  await runCommand('the build of hawser-micro', command, options)
}

// One row a piece, of a round that handles `messages`.
async function measure({ rounds, seconds }) {
  const { output } = await readCommand('hawser-micro', [
    program,
    '--benchmark_format=json',
    `--benchmark_min_time=${seconds / 20}`,
    `--benchmark_repetitions=${Math.max(2, rounds)}`,
    '--benchmark_report_aggregates_only=true',
  ])
  return JSON.parse(output)
    .benchmarks.filter((each) => each.aggregate_name === 'median')
    .map(({ run_name: name, cpu_time: nanoseconds, messages, instructions }) => ({
      name,
      nanoseconds,
      messages,
      instructions,
    }))
}

async function simulatedInstructions(name, rounds) {
  const filter = `^${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}/`
  const { errors } = await readCommand('valgrind', [
    'valgrind',
    '--tool=cachegrind',
    '--cache-sim=no',
    '--cachegrind-out-file=/dev/null',
    program,
    `--benchmark_filter=${filter}`,
    `--rounds=${rounds}`,
  ])
  const counted = /I +refs: +([\d,]+)/.exec(errors)?.[1]
  if (counted === undefined) throw new Error(`valgrind did not count: ${errors.slice(-2000)}`)
  return Number(counted.replaceAll(',', ''))
}

// Two runs differ by what the rounds of the longer one cost more; all else is the same in both.
async function simulate({ name, nanoseconds }) {
  const wanted = Math.round(simulatedNanoseconds / nanoseconds)
  const rounds = Math.min(mostRounds, Math.max(leastRounds, wanted))
  const [fewer, more] = await Promise.all([
    simulatedInstructions(name, rounds),
    simulatedInstructions(name, 2 * rounds),
  ])
  return (more - fewer) / rounds
}

// Fills in what the processor did not count; says where the instructions of all pieces come from.
async function completeInstructions(pieces, log) {
  if (pieces.every((piece) => piece.instructions !== undefined)) return 'processor'
  if (!which('valgrind')) {
    log('no instructions: the processor lets none be counted here, and valgrind is not installed')
    return undefined
  }
  log('counting instructions with valgrind')
  for (const piece of pieces) piece.instructions = await simulate(piece)
  return 'valgrind'
}

/**
 * Measures every piece: { instructionsFrom: 'processor' | 'valgrind' | undefined, pieces: [{ name, nanoseconds,
 * instructions }] }, of one message each. Instructions are left out where nothing can count them.
 */
export async function measurePieces({ install, rounds, seconds, log }) {
  if (install) await build(log)
  if (!existsSync(program)) throw new Error('hawser-micro is not built; leave out --no-install')
  log('measuring pieces of the core')
  const measured = await measure({ rounds, seconds })
  const instructionsFrom = await completeInstructions(measured, log)
  const pieces = measured.map(({ name, nanoseconds, messages, instructions }) => ({
    name,
    nanoseconds: nanoseconds / messages,
    instructions: instructionsFrom && instructions / messages,
  }))
  return { instructionsFrom, pieces }
}

const figure = (value) =>
  value === undefined ? '–' : value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(1)

/** The table of the pieces as text. */
export function piecesTable({ instructionsFrom, pieces }) {
  const head = ['', 'ns', ...(instructionsFrom ? ['instructions'] : [])]
  const rows = pieces.map(({ name, nanoseconds, instructions }) => [
    name,
    figure(nanoseconds),
    ...(instructionsFrom ? [figure(instructions)] : []),
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((cells) => cells[i].length)))
  const line = (cells) =>
    '  ' + cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  const title = '\npieces of the core on one thread, a message [micro]'
  return [
    title + (instructionsFrom ? `; instructions are ${sources[instructionsFrom]}` : ''),
    line(head),
    ...rows.map(line),
  ].join('\n')
}
