// What the production build of the browser client leaves out of the sources: the words of errors, and nothing else.
import ts from 'typescript'
import { terse as terseOf } from '../../scripts/lib/terse-errors.mjs'

const terse = (text: string): string => terseOf(ts, text)

test.each([
  ["new HawserError('GONE', 'It is gone')", "new HawserError('GONE')"],
  ["new HawserError('GONE', 'It is gone', { cause })", "new HawserError('GONE', undefined, { cause })"],
  ["new HawserError('GONE', undefined, details)", "new HawserError('GONE', undefined, details)"],
  ['new HawserError(code)', 'new HawserError(code)'],
  ['new HawserError()', 'new HawserError()'],
  ["new HawserError(code, 'It is \\'gone\\'.')", 'new HawserError(code)'],
  ["new Error('Stays as it is')", "new Error('Stays as it is')"],
])('words without facts: %s', (given, expected) => {
  expect(terse(`throw ${given}`)).toBe(`throw ${expected}`)
})

test.each([
  ['`Closed with ${code}`', '`${code}`'],
  ['`Closed with ${code}: ${reason}`', '`${code}: ${reason}`'],
  ['`${what} was answered with an error: ${said}`', '`${what}: ${said}`'],
  ['`${a} must be above ${b}`', '`${a} ${b}`'],
  ["`The message '${type}' cannot be written: ${why}`", "`'${type}': ${why}`"],
  ['`It failed (${detail})`', '`${detail}`'],
  ['`${a}, ${b}`', '`${a}, ${b}`'],
  ["'Options `a` and `b.c` do not go with `d`'", '`\\`a\\` \\`b.c\\` \\`d\\``'],
  ['`There is no option \\`${prefix}${name}\\``', '`\\`${prefix}${name}\\``'],
  [
    '`Option \\`${name}\\` is at most ${max}, not ${shown(value)}`',
    '`\\`${name}\\` ${max}, not ${shown(value)}`',
  ],
  ['`As many as \\`max\\` allows${said}`', '`\\`max\\`${said}`'],
  ["ready ? 'It is' : 'It is not'", undefined],
  ["ready ? 'It is' : `It is ${late}`", '(ready ? undefined : `${late}`)'],
  ["why ?? 'for no reason'", 'why'],
  ["`${count} ${count === 1 ? 'was' : 'were'} dropped: ${droppedWords[code] ?? why}`", '`${count}: ${why}`'],
  ['words[how] && `${what} ${words[how]}`', '`${what}`'],
  ['factsOf(code).message', undefined],
  ['`${factsOf(code).message} (${detail})`', '`${detail}`'],
  ['`${why ?? `it is ${shown(value)}`}`', '`${(why ?? `${shown(value)}`)}`'],
  [
    "`A ${a}${meant === undefined ? '' : `. Did you mean \\`${meant}\\`?`}`",
    "`${a}${(meant === undefined ? '' : ` \\`${meant}\\``)}`",
  ],
  ['message', 'message'],
])('facts and names stay: %s', (given, expected) => {
  const args = expected === undefined ? "'CODE'" : `'CODE', ${expected}`
  for (const kind of ['HawserError', 'HawserTypeError', 'HawserRangeError'])
    expect(terse(`new ${kind}('CODE', ${given})`)).toBe(`new ${kind}(${args})`)
  expect(terse(`refuse('CODE', ${given})`)).toBe(`refuse(${args})`)
})

test('parameters that are called `wanted`, and what is given for them', () => {
  const text = `/** Why. */
export function badOption(name: string, wanted: string, value: unknown): never {
  throw new HawserTypeError('INVALID_OPTION', \`Option \\\`\${name}\\\` must be \${wanted}, not \${shown(value)}\`)
}
const flag = (value: unknown) => typeof value === 'boolean' ? value : badOption('flag', 'true or false', value)
badOption('a', flag ? 'one' : 'the other', badOption('b', 'c', 5))
function text(wanted: string): string {
  return \`must be \${wanted}\`
}
text('a text')
`
  expect(terse(text)).toBe(`export function badOption(name: string, value: unknown): never {
  throw new HawserTypeError('INVALID_OPTION', \`\\\`\${name}\\\`, not \${shown(value)}\`)
}
const flag = (value: unknown) => typeof value === 'boolean' ? value : badOption('flag', value)
badOption('a', badOption('b', 5))
function text(): string {
  return ''
}
text()
`)
})

test('tables of words, and what has the name of words', () => {
  const text = "const droppedWords: Record<string, string> = { FULL: 'it is full' }, words = cause.message"
  expect(terse(text)).toBe('const droppedWords = {}, words = cause.message')
})

test('the words of a code, by whatever name', () => {
  const text = (said: string): string => `const { message: all } = factsOf(code)
new HawserError(code, ${said}, more)`
  expect(terse(text("detail === '' ? all : `${all} (${detail})`"))).toBe(
    text("(detail === '' ? undefined : `${detail}`)"),
  )
})

test('details are sentences; other texts stay', () => {
  expect(terse("lose('OUT', 'The program does not take it.', now)")).toBe("lose('OUT', '', now)")
  for (const text of [
    "say('The request')",
    "name = 'x.y.'",
    "import './a.'",
    "refuse(name, 'a number', text)",
  ])
    expect(terse(text)).toBe(text)
})

test('all else stays, to the letter', () => {
  const text = `import { a } from './a'

export class A<T extends object = {}> {
  private readonly b = /\\/[\`'"]/g
  constructor(readonly c: T, d?: string) {
    super(\`\${c} and \${d ?? 'nothing'}\`)
  }
  /** Says so. */
  async *e({ f = 1, ...g }: { f?: number }): AsyncGenerator<number> {
    for await (const h of this.i) yield h satisfies number
    label: while (true) break label
  }
}
`
  expect(terse(text)).toBe(text)
})
