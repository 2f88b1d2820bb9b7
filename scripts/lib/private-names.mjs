// Names that the browser build may shorten: those of private members that are nothing else's name. Such a name is only
// reached through `this`, so neither the program, the platform nor the peer can know it.
import fs from 'node:fs'
import path from 'node:path'
import { root } from './project.mjs'

/**
 * @param {Iterable<string>} files all that the build is made of
 * @returns {Promise<string[]>}
 */
export async function privateNames(files) {
  const { default: ts } = await import('typescript')
  const own = new Set()
  const others = new Set()
  for (const file of files) {
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    gather(ts, ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), own, others)
  }
  return [...own].filter((name) => !others.has(name)).sort()
}

function gather(ts, node, own, others) {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  const isHidden = (member) => (ts.getCombinedModifierFlags(member) & hidden) !== 0
  const ofThis = (expression) => expression?.kind === ts.SyntaxKind.ThisKeyword
  const visit = (child) => {
    if (ts.isParameter(child) && isHidden(child)) own.add(child.name.getText())
    else if (ts.isClassElement(child) && child.name !== undefined)
      (isHidden(child) ? own : others).add(child.name.getText())
    else if (ts.isParameter(child) && ts.isParameterPropertyDeclaration(child, child.parent))
      others.add(child.name.getText())
    else if ((ts.isTypeElement(child) || ts.isObjectLiteralElementLike(child)) && child.name !== undefined)
      others.add(child.name.getText())
    else if (ts.isPropertyAccessExpression(child) && !ofThis(child.expression)) others.add(child.name.text)
    else if (ts.isBindingElement(child) && ts.isObjectBindingPattern(child.parent)) {
      if (!ofThis(child.parent.parent.initializer)) others.add((child.propertyName ?? child.name).getText())
    } else if (ts.isStringLiteralLike(child)) others.add(child.text)
    ts.forEachChild(child, visit)
  }
  visit(node)
}
