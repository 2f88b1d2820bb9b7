// Rewrites the project's files in its format: Prettier and clang-format.
import { cppFolders, filesUnder } from './lib/project.mjs'
import { run, runMain, runTool } from './lib/run.mjs'

await runMain(() => {
  runTool('prettier/bin/prettier.cjs', ['.', '--write', '--log-level=warn'])
  const files = cppFolders.flatMap((folder) => filesUnder(folder, ['.cpp', '.hpp']))
  run('clang-format', ['-i', ...files])
}, 'usage: npm run format')
