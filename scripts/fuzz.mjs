// Builds the libFuzzer targets of test/fuzz and runs each for a bounded time, from a copy of its seed corpus.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildPreset } from './lib/cmake.mjs'
import { buildDir, filesUnder, jobs, parseArguments, root, UsageError } from './lib/project.mjs'
import { pool, runAsync, runMain, StepFailed } from './lib/run.mjs'
import { setup } from './setup.mjs'

const usage = `usage: npm run fuzz [-- --seconds <n>] [--only <target>]

  --seconds   how long each target runs, 20 by default
  --only      one target, such as frame_fuzz

Inputs that a target fails on are written to build/fuzz/findings; run build/fuzz/test/<target> <file> to see one again.`

const findings = path.join(buildDir, 'fuzz/findings')

/** @param {{ seconds: number, only?: string }} options */
export async function runFuzzers({ seconds, only }) {
  const targets = filesUnder('test/fuzz', ['.cpp'])
    .map((file) => path.basename(file, '.cpp'))
    .filter((name) => name.endsWith('_fuzz') && (only === undefined || name === only))
  if (targets.length === 0) throw new StepFailed(only ? `there is no fuzzer ${only}` : 'there are no fuzzers')
  buildPreset('fuzz', targets)
  fs.mkdirSync(findings, { recursive: true })
  const failed = []
  await pool(targets, jobs, async (target) => {
    const { code, output } = await runAsync(path.join(buildDir, 'fuzz/test', target), [
      copyOfCorpus(target),
      `-max_total_time=${String(seconds)}`,
      '-timeout=10',
      '-rss_limit_mb=2048',
      '-print_final_stats=1',
      `-artifact_prefix=${findings}/${target}-`,
    ])
    const executed = /number_of_executed_units: (\d+)/.exec(output)?.[1] ?? 'no'
    console.log(
      `${target}: ${executed} inputs in ${String(seconds)} s, ${code === 0 ? 'no finding' : 'FAILED'}`,
    )
    if (code !== 0) {
      failed.push(target)
      console.error(output.slice(-8000))
    }
  })
  if (failed.length > 0) throw new StepFailed(`findings by ${failed.join(', ')} are in build/fuzz/findings`)
}

/** libFuzzer adds what it finds to its corpus; the seeds in the repository stay as they are. */
function copyOfCorpus(target) {
  const folder = path.join(buildDir, 'fuzz/corpus', target)
  fs.mkdirSync(folder, { recursive: true })
  const seeds = path.join(root, 'test/fuzz/corpus', target)
  if (fs.existsSync(seeds)) fs.cpSync(seeds, folder, { recursive: true })
  return folder
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async (argv) => {
    const { seconds, only } = parseArguments(argv, { seconds: 'value', only: 'value' })
    const bound = Number(seconds ?? 20)
    if (!Number.isInteger(bound) || bound < 1) throw new UsageError('--seconds takes a whole number above 0')
    await setup('test')
    await runFuzzers({ seconds: bound, only })
  }, usage)
}
