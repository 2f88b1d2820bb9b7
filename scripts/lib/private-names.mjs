// Names that the browser build may shorten: those of members that only our own modules know. A name is left alone wherever
// it is something else too: part of what a program can see, a name of the platform's, text, or a member of an object whose
// type does not say that it is one of ours.
import path from 'node:path'
import { root } from './project.mjs'

/** What programs import in browsers. What only Node has, a server's members say, is nothing that a page can see. */
const entries = ['lib/browser/index.ts', 'lib/browser/testing.ts', 'lib/utilities/index.ts']
/** Whose types are those of the platform, of what travels, and of what is kept. */
const foreign = /^lib\/(?:client\/(?:codecs|dialects)\/|client\/portable\/(?:platform|http-link|stores)\.ts)/

/**
 * @param {Iterable<string>} files all that the build is made of
 * @returns {Promise<string[]>}
 */
export async function privateNames(files) {
  const { default: ts } = await import('typescript')
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const inputs = [...files].filter((file) => file.endsWith('.ts'))
  const program = ts.createProgram(
    [...new Set([...inputs, ...entries])].map((file) => path.join(root, file)),
    { ...options, lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'], types: [] },
  )
  const look = { ts, checker: program.getTypeChecker() }
  // Those that are reached through `this` alone, others of ours, those of the platform's objects, and all that must stay.
  const hidden = new Set()
  const own = new Set()
  const platform = new Set()
  const others = new Set(['constructor', 'prototype'])
  for (const source of program.getSourceFiles()) {
    const name = path.relative(root, source.fileName).replaceAll(path.sep, '/')
    if (!inputs.includes(name)) continue
    gather(look, source, { hidden, own, others })
    platformNames(look, source, platform)
  }
  publicNames(look, program, others)
  const foreignTo = (name) =>
    others.has(name) || (own.has(name) && platform.has(name)) || name.startsWith('_')
  return [...new Set([...hidden, ...own])].filter((name) => !foreignTo(name)).sort()
}

const hiding = (ts) => ts.ModifierFlags.Private | ts.ModifierFlags.Protected

const isOurs = (declaration) => {
  const file = path.relative(root, declaration.getSourceFile().fileName).replaceAll(path.sep, '/')
  return file.startsWith('lib/') && !foreign.test(file)
}

/** Members that a file declares, and the names that it uses of anything else. */
function gather({ ts, checker }, source, { hidden, own, others }) {
  const declare = (node, name) =>
    ((ts.getCombinedModifierFlags(node) & hiding(ts)) !== 0 ? hidden : own).add(name)

  /** Of a class or an interface of ours; what is written down where it is used may be anybody's. */
  const isMember = (declaration) =>
    isOurs(declaration) &&
    (ts.isClassLike(declaration.parent) ||
      ts.isInterfaceDeclaration(declaration.parent) ||
      ts.isParameterPropertyDeclaration(declaration, declaration.parent))
  const note = (name, symbol) => {
    const { declarations = [] } = symbol ?? {}
    if (declarations.length === 0 || !declarations.every(isMember)) others.add(name)
    // Also where it is declared in a file that another takes the place of.
    else for (const declaration of declarations) declare(declaration, name)
  }
  const propertyOf = (type, name) => {
    if (type === undefined) return undefined
    // Of several kinds of objects it may belong to one alone.
    const kinds = type.isUnion() ? type.types : [type]
    if (kinds.some((one) => one.flags & ts.TypeFlags.Any || one.getStringIndexType())) return undefined
    const found = kinds.map((one) => checker.getPropertyOfType(checker.getApparentType(one), name))
    return { declarations: found.flatMap((symbol) => symbol?.declarations ?? []) }
  }
  /** What a module exports is a member of the whole of it, whose names bundlers keep. */
  const noteExports = (specifier) => {
    const module = checker.getSymbolAtLocation(specifier)
    for (const { name } of module === undefined ? [] : checker.getExportsOfModule(module)) others.add(name)
  }
  const visit = (node) => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      noteExports(node.arguments[0])
    else if (ts.isNamespaceImport(node)) noteExports(node.parent.parent.moduleSpecifier)
    if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent))
      declare(node, node.name.getText())
    else if ((ts.isClassElement(node) || ts.isTypeElement(node)) && node.name !== undefined) {
      const name = node.name.getText()
      if (isMember(node)) declare(node, name)
      else others.add(name)
    } else if (ts.isPropertyAccessExpression(node))
      note(node.name.text, checker.getSymbolAtLocation(node.name))
    else if (ts.isObjectLiteralElementLike(node) && node.name !== undefined) {
      const name = node.name.getText()
      note(name, propertyOf(checker.getContextualType(node.parent)?.getNonNullableType(), name))
    } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && !node.dotDotDotToken) {
      const name = (node.propertyName ?? node.name).getText()
      note(name, propertyOf(checker.getTypeAtLocation(node.parent), name))
    } else if (ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent)) others.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
}

/** Names of all members of those objects of the platform's that a file has to do with: they may pass for one of ours. */
function platformNames({ ts, checker }, source, platform) {
  const seen = new Set()
  const isPlatforms = ({ declarations = [] }) =>
    declarations.some((node) => /\/typescript\/lib\/lib\.[^/]*$/.test(node.getSourceFile().fileName))
  const note = (type) => {
    if (seen.has(type)) return
    seen.add(type)
    if (type.isUnionOrIntersection()) type.types.forEach(note)
    else if (type.symbol !== undefined && isPlatforms(type.symbol))
      for (const member of checker.getPropertiesOfType(type))
        if (isPlatforms(member)) platform.add(member.name)
  }
  const visit = (node) => {
    if (ts.isExpression(node)) note(checker.getTypeAtLocation(node))
    ts.forEachChild(node, visit)
  }
  visit(source)
}

/** Names of all members that the types of what programs import lead to. */
function publicNames({ ts, checker }, program, others) {
  const seen = new Set()
  const follow = (symbol) => {
    const found = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    for (const declaration of found?.declarations ?? []) {
      if (seen.has(declaration) || !declaration.getSourceFile().fileName.startsWith(path.join(root, 'lib')))
        continue
      seen.add(declaration)
      visit(declaration)
    }
  }
  const visit = (node) => {
    const member = ts.isClassElement(node) || ts.isParameter(node)
    if (member && (ts.getCombinedModifierFlags(node) & hiding(ts)) !== 0) return
    if (member && ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal')) return
    if ((member || ts.isTypeElement(node) || ts.isObjectLiteralElementLike(node)) && node.name !== undefined)
      others.add(node.name.getText())
    if (ts.isFunctionLike(node) && node.type === undefined) {
      // What it returns was not written down.
      const type = checker.getSignatureFromDeclaration(node)?.getReturnType()
      follow(type?.aliasSymbol ?? type?.symbol)
    }
    if (ts.isIdentifier(node)) follow(checker.getSymbolAtLocation(node))
    ts.forEachChild(node, (child) => {
      // How something is done is nobody's business but ours.
      if (!(ts.isFunctionLike(node) && child === node.body)) visit(child)
    })
  }
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path.join(root, entry)))
    for (const symbol of checker.getExportsOfModule(module)) follow(symbol)
  }
}
