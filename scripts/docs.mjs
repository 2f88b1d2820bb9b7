// `npm run docs`: the reference of every entry point, made of the declarations' comments, with README.md as its front page
// and the pages of docs/ beside it. It has no warnings, so that a name or a link that is gone does not go unnoticed.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArguments, root } from './lib/project.mjs'
import { runMain, runTool } from './lib/run.mjs'
import { setup } from './setup.mjs'

const usage = `usage: npm run docs

  Writes the reference to build/docs; index.html is its front page.`

/** Sources of the entries in package.json: dist/rxjs/index.d.ts is made of lib/rxjs/index.ts. */
function entries() {
  const { exports } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  return (
    Object.values(exports)
      .map((entry) => entry.require?.types ?? entry.types)
      // Styles have types for those who import them, and nothing to read.
      .filter((types) => types !== undefined && !types.endsWith('.css.d.ts'))
      .map((types) => types.replace('./dist/', 'lib/').replace('.d.ts', ''))
      .map((name) => [`${name}.ts`, `${name}.tsx`].find((file) => fs.existsSync(path.join(root, file))))
  )
}

/** What TypeDoc is called with. */
export const referenceArguments = () => entries().flatMap((file) => ['--entryPoints', file])

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async (argv) => {
    parseArguments(argv, {})
    await setup('test')
    runTool('typedoc/bin/typedoc', referenceArguments())
  }, usage)
}
