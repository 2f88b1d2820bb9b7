// `npm run check`: everything that judges the text and the packaging of the project without running it.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from './build.mjs'
import { runClangTidy } from './lib/clang-tidy.mjs'
import { includeViolations, lockFileViolations, textViolations } from './lib/project-rules.mjs'
import { cppFolders, filesUnder, parseArguments, root, UsageError } from './lib/project.mjs'
import { packTarball } from './lib/tarball.mjs'
import { runMain, runSteps, runTool, StepFailed } from './lib/run.mjs'
import { setup } from './setup.mjs'
import { writeReference } from './docs.mjs'
import { sourceDifferences } from './sources.mjs'

const usage = `usage: npm run check [-- --only <check>[,<check>...]] [--fast]

  rules         project rules: source lists, includes, lock files, links
  tsc           the compiler over everything
  eslint        prettier        clang-format        clang-tidy
  exports       publint and attw over the packed tarball
  docs          the reference of the API, without warnings (npm run docs)

  --fast        leaves out clang-tidy, exports and docs`

const checks = {
  rules: () => {
    const lines = [
      ...sourceDifferences().map((line) => `src/sources.json: ${line} (node scripts/sources.mjs --write)`),
      ...includeViolations(),
      ...lockFileViolations(),
      ...textViolations(),
    ]
    for (const line of lines) console.error(line)
    if (lines.length > 0) throw new StepFailed(`${String(lines.length)} rules are broken`)
  },
  tsc: async () => {
    // The examples see the package as its users do: what is built.
    await build({ only: 'ts' })
    const programs = { all: 'tsconfig.json', pages: 'examples/web', 'pages-server': 'examples/web/server' }
    for (const [name, project] of Object.entries(programs)) {
      const info = `build/tsc/${name}.tsbuildinfo`
      runTool('typescript/bin/tsc', ['-p', project, '--incremental', '--tsBuildInfoFile', info])
    }
  },
  // Without a cache: what it says of a file depends on the types of others.
  eslint: () => runTool('eslint/bin/eslint.js', ['.', '--max-warnings=0']),
  prettier: () =>
    runTool('prettier/bin/prettier.cjs', [
      '.',
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-location',
      'build/prettier',
    ]),
  'clang-format': () => {
    const files = cppFolders.flatMap((folder) => filesUnder(folder, ['.cpp', '.hpp']))
    const words = ['--dry-run', '-Werror', ...files]
    const result = spawnSync('clang-format', words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
    if (result.status === 0) return
    const names = [...(result.stderr ?? '').matchAll(/^([^\s:]+):\d+:\d+: error:/gm)].map(([, name]) => name)
    for (const name of new Set(names)) console.error(`${name} is not formatted`)
    throw new StepFailed(names.length > 0 ? 'npm run format puts it right' : 'clang-format failed')
  },
  'clang-tidy': runClangTidy,
  exports: () => {
    const tarball = packTarball()
    runTool('publint/src/cli.js', [tarball, '--strict'])
    runTool('@arethetypeswrong/cli/dist/index.js', [
      path.relative(root, tarball),
      // Subpaths cannot be found by the resolution of old, which knows no `exports`.
      '--profile',
      'node16',
      '--format',
      'ascii',
      '--quiet',
    ])
  },
  docs: writeReference,
}

/** @param {{ only?: string[], fast?: boolean }} options */
export async function check({ only, fast }) {
  const slow = ['clang-tidy', 'exports', 'docs']
  const names = only ?? Object.keys(checks).filter((name) => !fast || !slow.includes(name))
  const passed = await runSteps(names.map((name) => ({ name, cheap: true, run: checks[name] })))
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
