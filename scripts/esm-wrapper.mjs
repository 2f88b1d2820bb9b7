// Writes dist/index.mjs and dist/index.d.mts: the ES module face re-exports the CommonJS one, so that a program
// which uses both has one runtime. Names are listed one by one from the declarations, not guessed from the code.
import path from 'node:path'
import { root, writeFile } from './lib/project.mjs'
import { StepFailed } from './lib/run.mjs'

export async function writeEsmWrapper() {
  const { default: ts } = await import('typescript')
  const entry = path.join(root, 'dist/index.d.ts')
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    skipLibCheck: true,
  })
  const checker = program.getTypeChecker()
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(entry))
  if (symbol === undefined) throw new StepFailed('dist/index.d.ts exports nothing')

  const names = checker
    .getExportsOfModule(symbol)
    .filter((exported) => isValue(ts, checker, exported))
    .map((exported) => exported.name)
    .filter((name) => name !== 'default')
    .sort()
  const lines = names.map((name) => `export const ${name} = cjs.${name}`)
  const text = ["import cjs from './index.js'", '', ...lines, ''].join('\n')
  writeFile(path.join(root, 'dist/index.mjs'), text)
  writeFile(path.join(root, 'dist/index.d.mts'), "export * from './index.js'\n")
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
