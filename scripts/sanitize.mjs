// Builds and runs the core and bridge tests under AddressSanitizer + UndefinedBehaviorSanitizer and ThreadSanitizer.
import { pathToFileURL } from 'node:url'
import { buildPreset, testPreset } from './lib/cmake.mjs'
import { parseArguments, UsageError } from './lib/project.mjs'
import { runMain, runSteps, which } from './lib/run.mjs'
import { setup } from './setup.mjs'

const usage = `usage: npm run sanitize [-- --only asan|tsan]`

const titles = { asan: 'AddressSanitizer and UndefinedBehaviorSanitizer', tsan: 'ThreadSanitizer' }

/** @param {('asan' | 'tsan')[]} presets */
export function runSanitizers(presets) {
  for (const preset of presets) {
    process.env.ASAN_OPTIONS ??= 'detect_stack_use_after_return=1:strict_string_checks=1'
    process.env.UBSAN_OPTIONS ??= 'print_stacktrace=1'
    process.env.TSAN_OPTIONS ??= 'halt_on_error=1:second_deadlock_stack=1'
    buildPreset(preset)
    // Address randomisation of new kernels leaves ThreadSanitizer no room for its shadow memory.
    testPreset(
      preset,
      preset === 'tsan' && which('setarch')
        ? ['setarch', process.arch === 'x64' ? 'x86_64' : 'aarch64', '-R']
        : [],
    )
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async (argv) => {
    const { only } = parseArguments(argv, { only: 'value' })
    if (only !== undefined && titles[only] === undefined) throw new UsageError(`--only ${only} is not known`)
    await setup('test')
    const presets = only === undefined ? ['asan', 'tsan'] : [only]
    return runSteps(presets.map((preset) => ({ name: titles[preset], run: () => runSanitizers([preset]) })))
  }, usage)
}
