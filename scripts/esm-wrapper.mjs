// Writes the ES module face of every CommonJS entry: dist/index.mjs and dist/index.d.mts, and the same for each subpath
// of package.json. It re-exports the CommonJS one, so that a program which uses both has one runtime. Names are listed
// one by one from the declarations, not guessed from the code.
import fs from 'node:fs'
import path from 'node:path'
import { root, writeFile } from './lib/project.mjs'
import { StepFailed } from './lib/run.mjs'

/** Declarations of the entries: dist/index.d.ts, dist/rxjs/index.d.ts and so on. */
function entries() {
  const { exports } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  return Object.values(exports)
    .filter((entry) => typeof entry.import?.default === 'string' && typeof entry.require?.types === 'string')
    .map((entry) => path.join(root, entry.require.types))
}

export async function writeEsmWrapper() {
  const { default: ts } = await import('typescript')
  const files = entries()
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    skipLibCheck: true,
  })
  const checker = program.getTypeChecker()
  for (const file of files) writeFace(ts, checker, program.getSourceFile(file), file)
  // The names are the same everywhere; those that a browser has not say so when they are used.
  writeFile(path.join(root, 'dist/browser/index.d.mts'), "export * from '../index.mjs'\n")
  writeFile(path.join(root, 'dist/react/browser.d.mts'), "export * from './index.mjs'\n")
  writeFile(path.join(root, 'dist/rxjs/browser.d.mts'), "export * from './browser.js'\n")
  writeFile(path.join(root, 'dist/browser/testing.d.mts'), "export * from '../testing/index.mjs'\n")
}

function writeFace(ts, checker, source, file) {
  const symbol = checker.getSymbolAtLocation(source)
  if (symbol === undefined) throw new StepFailed(`${path.relative(root, file)} exports nothing`)

  const names = checker
    .getExportsOfModule(symbol)
    .filter((exported) => isValue(ts, checker, exported))
    .map((exported) => exported.name)
    .filter((name) => name !== 'default')
    .sort()
  const base = path.basename(file, '.d.ts')
  const lines = names.map((name) => `export const ${name} = cjs.${name}`)
  const head = directives(file.replace(/\.d\.ts$/, '.js'))
  const text = [...head, `import cjs from './${base}.js'`, '', ...lines, ''].join('\n')
  writeFile(file.replace(/\.d\.ts$/, '.mjs'), text)
  writeFile(file.replace(/\.d\.ts$/, '.d.mts'), `export * from './${base}.js'\n`)
}

/** `'use client'` and the like of the module behind a face, which count at its top only. */
function directives(file) {
  const [first = ''] = fs.readFileSync(file, 'utf8').split('\n', 1)
  return /^(['"])use client\1/.test(first) ? ["'use client'"] : []
}

function isValue(ts, checker, exported) {
  const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
  return (target.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(ts, exported)
}

/** `export type { Name }` of a class is an alias of a value, yet exports none. */
function isTypeOnly(ts, exported) {
  return (exported.declarations ?? []).some(
    (node) => ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly),
  )
}
