// `npm test`: sets up, builds and runs every test. Also runs parts: npm test -- --only core,jest
import { build } from './build.mjs'
import { check } from './check.mjs'
import { runFuzzers } from './fuzz.mjs'
import { runSanitizers } from './sanitize.mjs'
import { buildPreset, testPreset } from './lib/cmake.mjs'
import { jobs, parseArguments, UsageError } from './lib/project.mjs'
import { runMain, runSteps, runTool } from './lib/run.mjs'
import { setup } from './setup.mjs'

const usage = `usage: npm test [-- --only <part>[,<part>...]]

  core      GoogleTests of the core and the bridge, through CTest
  jest      unit, contract, integration and lifecycle tests
  types     what the declarations accept and refuse
  check     compiler, linters, formatters, packaging rules (npm run check)
  package   the packed tarball in an empty project, on every JavaScript runtime that is installed
  sanitize  core and bridge tests under ASan + UBSan and under TSan (npm run sanitize)
  fuzz      a few seconds of each fuzzer (npm run fuzz)

Without --only: core, jest, types, check, package.`

const parts = {
  core: { name: 'core and bridge (CTest)', run: testCore },
  // Jest by itself leaves one processor free: on two, where many tests wait for timers, that is half the time.
  jest: { name: 'jest', run: () => runTool('jest/bin/jest.js', [`--maxWorkers=${String(jobs)}`]) },
  types: { name: 'types', cheap: true, run: testTypes },
  check: { name: 'check', cheap: true, run: () => check({ fast: false }) },
  package: {
    name: 'package',
    run: () => runTool('jest/bin/jest.js', ['--config', 'test/package/jest.config.cjs']),
  },
  sanitize: { name: 'sanitizers', run: () => runSanitizers(['asan', 'tsan']) },
  fuzz: { name: 'fuzzers', run: () => runFuzzers({ seconds: 5 }) },
}

/** Parts that need CMake alone, neither the addon nor dist/. */
const cppOnly = ['core', 'sanitize', 'fuzz']

function testCore() {
  buildPreset('dev')
  testPreset('dev')
}

function testTypes() {
  runTool('typescript/bin/tsc', ['-p', 'test/types/tsconfig.json'])
}

await runMain(async (argv) => {
  const { only } = parseArguments(argv, { only: 'value' })
  const names = only?.split(',') ?? ['core', 'jest', 'types', 'check', 'package']
  const unknown = names.find((name) => parts[name] === undefined)
  if (unknown !== undefined) throw new UsageError(`there is no part ${unknown}`)
  // The demo, which Jest runs, needs the feeder.
  const load = names.includes('jest')
  return runSteps([
    { name: 'set-up', run: () => setup('test') },
    ...(names.some((name) => !cppOnly.includes(name)) ? [{ name: 'build', run: () => build({ load }) }] : []),
    ...names.map((name) => parts[name]),
  ])
}, usage)
