// What the production build of the browser client says of an error: its code, the names of options and the facts, without
// the words that explain them. The sources stay as they are; this takes the words out on their way into the bundle:
//
//   new HawserError('CODE', `The part ${name} is not there`)  ──►  new HawserError('CODE', `${name}`)
//   refuse('CODE', 'Option `a` does not go with `b`')         ──►  refuse('CODE', '`a` `b`')
//   badOption(name, 'a number', value)                        ──►  badOption(name, value)
//   detail: 'No endpoint opened in time.'                     ──►  detail: ''
//   const droppedWords = { QUEUE_FULL: 'the queue is full' }  ──►  const droppedWords = {}
//
// What is in backticks is a name, what is in `${}` a fact. A parameter that is called `wanted` has nothing but words; so has
// a table whose name is, or ends in, `words`, and what else has such a name is treated as the text of an error.
import fs from 'node:fs'
import path from 'node:path'
import { root } from './project.mjs'

/** What lib/core/validate.ts and lib/browser/validate.ts have with a parameter `wanted`: its place. */
const known = [
  ['badOption', 1],
  ['badArgument', 1],
  ['checkOf', 1],
]
/** What the engine says of a lost connection or a refused token. */
const isSentence = (text) => /^[A-Z]\w* .*\.$/.test(text)
const isCode = (text) => /^[A-Z]+(?:_[A-Z]+)*$/.test(text)

/**
 * A plugin that leaves the words out of the files of lib/.
 * @returns {Promise<import('esbuild').Plugin>}
 */
export async function terseErrors() {
  const { default: ts } = await import('typescript')
  const lib = path.join(root, 'lib') + path.sep
  return {
    name: 'terse-errors',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) =>
        file.startsWith(lib)
          ? { contents: terse(ts, await fs.promises.readFile(file, 'utf8')), loader: 'ts' }
          : undefined,
      )
    },
  }
}

/**
 * @param {import('typescript')} ts
 * @param {string} text a module in TypeScript
 * @returns {string} the same without the words of its errors
 */
export function terse(ts, text) {
  const source = ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS)
  const isWanted = (node) => ts.isIdentifier(node) && node.text === 'wanted'
  const isWords = (node) => ts.isIdentifier(node) && /^words$|Words$/.test(node.text)
  const placeOfWanted = (node) => node.parameters.findIndex(({ name }) => isWanted(name))
  /** Names that a file gives to the words of a code: of `const { message } = factsOf(code)`. */
  const ofCodes = new Set()
  const own = source.statements.filter((node) => ts.isFunctionDeclaration(node) && node.name && node.body)
  const wanting = new Map([...known, ...own.map((node) => [node.name.text, placeOfWanted(node)])])

  /** A node as it is in the source, but for what is to be replaced inside of it. */
  const print = (node) => {
    const replaced = replacement(node)
    if (replaced !== undefined) return replaced
    let out = ''
    let done = node.getStart(source)
    ts.forEachChild(node, (child) => {
      const start = child.getStart(source)
      out += text.slice(done, start) + print(child)
      done = child.end
    })
    return out + text.slice(done, node.end)
  }

  const noteOfCodes = ({ name, initializer }) => {
    if (!ts.isObjectBindingPattern(name) || !/^factsOf\(/.test(initializer?.getText(source))) return
    const message = name.elements.find((one) => (one.propertyName ?? one.name).getText(source) === 'message')
    if (message !== undefined) ofCodes.add(message.name.getText(source))
  }

  const replacement = (node) => {
    if (ts.isVariableDeclaration(node)) noteOfCodes(node)
    if (ts.isNewExpression(node) && /^Hawser\w*Error$/.test(node.expression.getText(source)))
      return `new ${callOf(node, withFacts)}`
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const name = node.expression.text
      const [code] = node.arguments
      if (name === 'refuse' && code && ts.isStringLiteral(code) && isCode(code.text))
        return callOf(node, withFacts)
      const place = wanting.get(name) ?? -1
      if (place >= 0) return callOf(node, (list) => list.filter((_, i) => i !== place).map(print))
    }
    if (ts.isFunctionDeclaration(node)) return functionOf(node)
    if (ts.isStringLiteral(node) && isSentence(node.text)) return "''"
    if (ts.isTemplateExpression(node) && node.templateSpans.some(({ expression }) => isWanted(expression)))
      return factsOf(node, false) ?? "''"
    if (ts.isVariableDeclaration(node) && isWords(node.name) && node.initializer) {
      const table = ts.isObjectLiteralExpression(node.initializer)
      return `${node.name.text} = ${table ? '{}' : factsOf(node.initializer, false)}`
    }
    return undefined
  }

  const callOf = (node, made) =>
    `${node.expression.getText(source)}(${made(node.arguments ?? []).join(', ')})`
  /** The arguments of an error: its code, what it says, and the rest. */
  const withFacts = ([code, said, ...rest]) => {
    const facts = said && factsOf(said, false)
    const list = [code && print(code), facts ?? 'undefined', ...rest.map(print)]
    return code === undefined ? [] : facts === undefined && rest.length === 0 ? list.slice(0, 1) : list
  }

  const functionOf = (node) => {
    const { parameters, body } = node
    const wanted = placeOfWanted(node)
    if (wanted < 0 || body === undefined) return undefined
    const left = parameters.filter((_, i) => i !== wanted).map(print)
    const from = node.getStart(source)
    const head = text.slice(from, parameters.pos)
    const end = text.slice(parameters.end, body.getStart(source))
    return head + left.join(', ') + end + print(body)
  }

  /**
   * What is left of an expression of words: code, or undefined for nothing.
   * @param {boolean} inside of another text, what stands before it belongs to that
   */
  const factsOf = (node, inside) => {
    if (ts.isStringLiteralLike(node)) return node.text === '' && inside ? "''" : pieces([node.text], inside)
    if (ts.isTemplateExpression(node)) {
      const parts = node.templateSpans.flatMap(({ expression, literal }) => [expression, literal.text])
      return pieces([node.head.text, ...parts], inside)
    }
    if (ts.isParenthesizedExpression(node)) return factsOf(node.expression, inside)
    if (ts.isConditionalExpression(node)) {
      const [yes, no] = [node.whenTrue, node.whenFalse].map((one) => factsOf(one, inside))
      if (isNothing(yes) && isNothing(no)) return undefined
      const nothing = inside ? "''" : 'undefined'
      return `(${print(node.condition)} ? ${yes ?? nothing} : ${no ?? nothing})`
    }
    const operator = ts.isBinaryExpression(node) ? node.operatorToken.getText(source) : ''
    if (operator === '??' || operator === '&&') {
      const [left, right] = [node.left, node.right].map((one) => factsOf(one, inside))
      return left === undefined || right === undefined ? (left ?? right) : `(${left} ${operator} ${right})`
    }
    if (ts.isElementAccessExpression(node) && isWords(node.expression)) return undefined
    const isOfCode = ts.isIdentifier(node)
      ? ofCodes.has(node.text)
      : /^factsOf\(.*\)\.message$/.test(node.getText(source))
    if (isOfCode || isWanted(node)) return undefined
    return print(node)
  }

  /** A template of what is kept of texts and of the expressions between them. */
  const pieces = (parts, inside) => {
    const items = itemsOf(parts, (node) => factsOf(node, true))
    let out = ''
    let kept = false
    let words = ''
    for (const { fact, word = '' } of items) {
      if (fact === undefined) {
        words += word
        continue
      }
      if (kept) out += escaped(between(words))
      else if (inside && /^[^a-z]/i.test(words)) out += escaped(between(words) || ' ')
      out += fact
      kept = true
      words = ''
    }
    return kept ? `\`${out}\`` : undefined
  }

  return print(source)
}

const isNothing = (facts) => facts === undefined || facts === "''"

/** Names in backticks, facts, and the words between them. Quotes around a fact belong to it. */
function itemsOf(parts, factOf) {
  const items = []
  let name
  const fact = (text) => (name === undefined ? items.push({ fact: text }) : (name += text))
  parts.forEach((part, i) => {
    if (typeof part !== 'string') {
      const found = factOf(part)
      if (found === undefined) return
      const [before, after] = [parts[i - 1], parts[i + 1]]
      const quote = name === undefined && before.endsWith("'") && after.startsWith("'") ? "'" : ''
      fact(`${quote}\${${found}}${quote}`)
      return
    }
    for (const piece of part.split(/(`)/)) {
      if (piece !== '`') {
        if (name === undefined) items.push({ word: piece })
        else name += escaped(piece)
      } else if (name === undefined) name = '\\`'
      else {
        items.push({ fact: `${name}\\\`` })
        name = undefined
      }
    }
  })
  return items
}

/** What stands between two facts in place of the words that did. */
function between(words) {
  const text = words.replace(/['()]/g, '')
  if (!/[a-z]/i.test(text)) return text
  return /(?:: |, not |, )$/.exec(text)?.[0] ?? (/\s$/.test(text) ? ' ' : '')
}

const escaped = (text) => text.replace(/[\\`]|\$(?=\{)/g, '\\$&')
