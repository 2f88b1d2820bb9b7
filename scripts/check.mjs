// `npm run check`: everything that judges the text and the packaging of the project without running it.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './build.mjs'
import { runClangTidy } from './lib/clang-tidy.mjs'
import { includeViolations, lockFileViolations, textViolations } from './lib/project-rules.mjs'
import { cppFolders, filesUnder, parseArguments, root, UsageError } from './lib/project.mjs'
import { packTarball } from './lib/tarball.mjs'
import { runMain, StepFailed } from './lib/run.mjs'
import { runSideBySide } from './lib/side-by-side.mjs'
import { setup } from './setup.mjs'
import { referenceArguments } from './docs.mjs'
import { sourceDifferences } from './sources.mjs'

const usage = `usage: npm run check [-- --only <check>[,<check>...]] [--fast]

  rules         project rules: source lists, includes, lock files, links
  tsc           the compiler over everything
  eslint        prettier        clang-format        clang-tidy
  exports       publint and attw over the packed tarball
  docs          the reference of the API, without warnings (npm run docs)

  They run side by side, as many commands at a time as there are processors (HAWSER_JOBS says another number).

  --fast        leaves out clang-tidy, exports and docs`

/** Those that take longest first: they run side by side. */
const checks = {
  // Without a cache: what it says of a file depends on the types of others.
  eslint: (check) => check.tool('eslint/bin/eslint.js', ['.', '--max-warnings=0']),
  'clang-tidy': runClangTidy,
  tsc: async (check) => {
    const programs = { all: 'tsconfig.json', pages: 'examples/web', 'pages-server': 'examples/web/server' }
    for (const [name, project] of Object.entries(programs)) {
      const info = `build/tsc/${name}.tsbuildinfo`
      await check.tool('typescript/bin/tsc', ['-p', project, '--incremental', '--tsBuildInfoFile', info])
    }
  },
  prettier: (check) =>
    check.tool('prettier/bin/prettier.cjs', [
      '.',
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-location',
      'build/prettier',
    ]),
  docs: (check) => check.tool('typedoc/bin/typedoc', referenceArguments()),
  exports: async (check) => {
    const tarball = await packTarball(check)
    await check.tool('publint/src/cli.js', [tarball, '--strict'])
    await check.tool('@arethetypeswrong/cli/dist/index.js', [
      path.relative(root, tarball),
      // Subpaths cannot be found by the resolution of old, which knows no `exports`.
      '--profile',
      'node16',
      // No module: it has types for those who import it, and rules for bundlers.
      '--exclude-entrypoints',
      'react/styles.css',
      '--format',
      'ascii',
      '--quiet',
    ])
  },
  'clang-format': async (check) => {
    const files = cppFolders.flatMap((folder) => filesUnder(folder, ['.cpp', '.hpp']))
    const { code, output } = await check.attempt('clang-format', ['--dry-run', '-Werror', ...files])
    if (code === 0) return
    const names = [...output.matchAll(/^([^\s:]+):\d+:\d+: error:/gm)].map(([, name]) => name)
    for (const name of new Set(names)) check.say(`${name} is not formatted`)
    throw new StepFailed(names.length > 0 ? 'npm run format puts it right' : 'clang-format failed')
  },
  rules: (check) => {
    const lines = [
      ...sourceDifferences().map((line) => `src/sources.json: ${line} (node scripts/sources.mjs --write)`),
      ...includeViolations(),
      ...lockFileViolations(),
      ...textViolations(),
    ]
    for (const line of lines) check.say(line)
    if (lines.length > 0) throw new StepFailed(`${String(lines.length)} rules are broken`)
  },
}

/** They see the package as its users do: what is built. */
const ofBuilt = ['eslint', 'tsc', 'exports']

/** @param {{ only?: string[], fast?: boolean }} options */
export async function check({ only, fast }) {
  const slow = ['clang-tidy', 'exports', 'docs']
  const chosen = (name) => only?.includes(name) ?? (!fast || !slow.includes(name))
  const names = Object.keys(checks).filter(chosen)
  if (names.some((name) => ofBuilt.includes(name))) await build({ only: 'ts' })
  const passed = await runSideBySide(names.map((name) => ({ name, run: checks[name] })))
  if (!passed) throw new StepFailed('some checks failed')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async (argv) => {
    const options = parseArguments(argv, { only: 'value', fast: 'flag' })
    const only = options.only?.split(',')
    const unknown = only?.find((name) => checks[name] === undefined)
    if (unknown !== undefined) throw new UsageError(`there is no check ${unknown}`)
    await setup('test')
    if (only === undefined ? !options.fast : only.includes('exports')) await build()
    await check({ only, fast: options.fast })
  }, usage)
}
