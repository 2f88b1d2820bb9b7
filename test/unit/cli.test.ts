// The command line's own parts: words, colours, what a line of a hub says.
import { PassThrough } from 'node:stream'
import { bench } from '../../lib/cli/bench'
import { connect } from '../../lib/cli/connect'
import { readUrl, readDialing, type Dialing } from '../../lib/cli/dialing'
import { readSaid } from '../../lib/cli/hub-peer'
import { linesOf, typedIn } from '../../lib/cli/input'
import { serve } from '../../lib/cli/serve'
import { Terminal, harmless, isColourful } from '../../lib/cli/terminal'
import { optionLines, readWords, UsageError } from '../../lib/cli/words'

const table = {
  name: { value: 'TEXT', short: 'n', says: 'a text' },
  many: { value: 'TEXT', many: true, says: 'texts' },
  count: { value: 'N', number: { min: 1, max: 9 }, says: 'a number' },
  share: { value: 'N', number: { min: 0, max: 1, whole: false }, says: 'a share' },
  way: { value: 'WAY', choices: ['up', 'down'], says: 'where' },
  loud: { short: 'l', says: 'a flag' },
} as const

describe('words', () => {
  test('nothing given', () => {
    expect(readWords(table, [])).toEqual({
      given: { name: undefined, many: [], count: undefined, share: undefined, way: undefined, loud: false },
      rest: [],
    })
  })

  test('all of them', () => {
    const words = 'one -n x --many a --many=b --count 3 --share .5 --way up -l two -- --three'
    expect(readWords(table, words.split(' '))).toEqual({
      given: { name: 'x', many: ['a', 'b'], count: 3, share: 0.5, way: 'up', loud: true },
      rest: ['one', 'two', '--three'],
    })
  })

  test('a value may look like an option, and be empty', () => {
    expect(readWords(table, ['--name=-l', '--many', '']).given).toMatchObject({
      name: '-l',
      many: [''],
      loud: false,
    })
  })

  test.each([
    ['--nmae x', 'There is no option --nmae. Did you mean --name?'],
    ['-z', 'There is no option -z'],
    ['--__proto__ x', 'There is no option --__proto__'],
    ['--name', '--name needs a value: --name TEXT'],
    ['--loud=yes', '--loud takes no value'],
    ['--count 0', "--count takes a whole number from 1 to 9, not '0'"],
    ['--count 1.5', "--count takes a whole number from 1 to 9, not '1.5'"],
    ['--count x', "--count takes a whole number from 1 to 9, not 'x'"],
    ['--count=', "--count takes a whole number from 1 to 9, not ''"],
    ['--share 1.5', "--share takes a number from 0 to 1, not '1.5'"],
    ['--way left', "--way takes up or down, not 'left'"],
  ])('%s', (words, message) => {
    expect(() => readWords(table, words.split(' '))).toThrow(new UsageError(message))
  })

  test('the help has a line for each', () => {
    expect(optionLines(table).slice(0, 2)).toEqual(['  -n, --name TEXT  a text', '      --many TEXT  texts'])
  })
})

test.each([
  [':80', 'ws://localhost:80'],
  ['/chat', 'ws://localhost/chat'],
  ['host:8080/x', 'ws://host:8080/x'],
  ['wss://host', 'wss://host'],
  ['ws+unix:/tmp/x.sock:/', 'ws+unix:/tmp/x.sock:/'],
])('the URL %s', (word, url) => {
  expect(readUrl([word])).toBe(url)
})

test.each([[[]], [['ws://a', 'ws://b']], [['ws://a b']]])('no URL: %j', (words) => {
  expect(() => readUrl(words)).toThrow(UsageError)
})

test.each([
  [connect, ':1 --nope', 'There is no option --nope'],
  [connect, ':1 --header x', "'Name: value'"],
  [connect, ':1 --json --raw', 'exclude each other'],
  [connect, ':1 --join room', 'goes with --hub'],
  [connect, ':1 --hub --binary', 'does not go with --hub'],
  [connect, 'http://[', 'is no URL'],
  [serve, '--room x', 'goes with hub'],
  [serve, '--history 1', 'goes with hub'],
  [serve, '--cert x', 'go together'],
  [serve, '--static /no/such/folder', 'is no folder'],
  [bench, ':1 --serve', 'Either a URL or --serve'],
])('what makes no sense together is told before anything is opened: %#', async (command, words, why) => {
  const terminal = new Terminal(new PassThrough(), new PassThrough(), {}, () => {})
  const around = { terminal, stdin: new PassThrough(), signal: new AbortController().signal }
  const error: unknown = await command.run(words.split(' '), around).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UsageError)
  expect((error as UsageError).message).toContain(why)
})

test('headers and credentials', () => {
  const none = { header: [], ca: [] } as unknown as Dialing
  const given = {
    ...none,
    header: ['A: 1', 'B:x:y'],
    auth: 'me:secret',
    insecure: true,
    'connect-timeout': 0.5,
  }
  expect(readDialing(given)).toEqual({
    headers: [
      ['A', '1'],
      ['B', 'x:y'],
      ['Authorization', 'Basic bWU6c2VjcmV0'],
    ],
    rejectUnauthorized: false,
    connectTimeout: 500,
    handshakeTimeout: 500,
  })
  expect(() => readDialing({ ...none, ca: ['/no/such/file'] })).toThrow(
    /--ca: \/no\/such\/file cannot be read/,
  )
})

test.each([
  ['a terminal', true, {}, true],
  ['no terminal', false, {}, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ['FORCE_COLOR before NO_COLOR', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ['FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
])('colours: %s', (_, isTTY, env, colourful) => {
  expect(isColourful({ isTTY }, env)).toBe(colourful)
})

test('what a peer says cannot steer a terminal', () => {
  expect(harmless('a\u001b[2Jb\u009b1m\r\tü\n')).toBe('a\\u001b[2Jb\\u009b1m\\u000d\tü\n')
})

test.each([true, false])('a line of JSON, on a terminal: %p', (isTTY) => {
  const out = Object.assign(new PassThrough(), { isTTY })
  const terminal = new Terminal(out, new PassThrough(), {}, () => {})
  const text = JSON.stringify({ data: 'a\u009b2J' })
  terminal.line(text)
  const shown = String(out.read())
  expect(shown === `${text}\n`).toBe(!isTTY)
  expect(JSON.parse(shown)).toEqual(JSON.parse(text))
})

test('what somebody types goes nowhere but to the peer where the output is no terminal', async () => {
  const stdin = new PassThrough()
  stdin.end('one\n\ntwo\n')
  const terminal = new Terminal(new PassThrough(), new PassThrough(), {}, () => {})
  const write = jest.spyOn(process.stdout, 'write')
  const lines: string[] = []
  try {
    for await (const line of typedIn(stdin, terminal, () => {})) lines.push(line)
    expect(write).not.toHaveBeenCalled()
  } finally {
    write.mockRestore()
  }
  expect(lines).toEqual(['one', 'two'])
})

test.each([
  ['chat', { type: 'chat', room: undefined, payload: undefined }],
  ['chat {"a":1}', { type: 'chat', room: undefined, payload: { a: 1 } }],
  ['chat@lobby hello there', { type: 'chat', room: 'lobby', payload: 'hello there' }],
  ['n 5', { type: 'n', room: undefined, payload: 5 }],
])('a line of a hub: %s', (line, said) => {
  expect(readSaid(line)).toEqual(said)
})

test.each(['', '@room x', 'chat@ x'])("no line of a hub: '%s'", (line) => {
  expect(() => readSaid(line)).toThrow(/is not TYPE\[@ROOM\] \[PAYLOAD\]/)
})

test('lines are lines wherever the pieces of a stream end', async () => {
  const stream = new PassThrough()
  const bytes = Buffer.from('one\r\n\nü€😀\nlast')
  for (const byte of bytes) stream.write(Buffer.of(byte))
  stream.end()
  const lines: string[] = []
  for await (const line of linesOf(stream)) lines.push(line)
  expect(lines).toEqual(['one', '', 'ü€😀', 'last'])
})
