// The build for browsers: how large it is, which names it has, and whether its tables agree with those of Node.
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import * as node from '../../lib'
import { defaults as browserDefaults } from '../../lib/browser/defaults'
import { factsOf as browserFacts } from '../../lib/browser/error-table'
import { defaults } from '../../lib/core/defaults'
import { errorTable } from '../../lib/core/error-table'

const root = join(__dirname, '../..')
const bundle = join(root, 'dist/browser/index.mjs')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-browser-'))
  // The program finds the package as an installed one.
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/hawser'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Output {
  entryPoint?: string
  imports: { path: string; kind: string }[]
}

interface Sizes {
  /** The program, with all that it imports statically. */
  start: number
  /** What comes to that with the first connection, and to both with the first message. */
  connecting: number
  sending: number
  all: number
}

/**
 * Bytes of what esbuild makes of a program with these names, minified, in chunks, each compressed. `conditions` are those
 * that esbuild is told.
 */
function sizes(names: string, from = 'hawser', conditions = ''): Sizes {
  const program = join(folder, 'program.mjs')
  writeFileSync(program, `export { ${names} } from '${from}'`)
  const out = join(folder, 'out')
  rmSync(out, { recursive: true, force: true })
  const words =
    '--bundle --minify --splitting --format=esm --platform=browser --target=es2022 --preserve-symlinks'
  execFileSync(
    join(root, 'node_modules/.bin/esbuild'),
    [
      program,
      ...words.split(' '),
      `--conditions=${conditions}`,
      `--outdir=${out}`,
      `--metafile=${join(folder, 'meta.json')}`,
      '--log-level=error',
    ],
    { cwd: folder },
  )
  const { outputs } = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as {
    outputs: Record<string, Output>
  }
  const size = (file: string): number => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length
  const loaded = new Set<string>()
  /** What is loaded with a file that was not there before. */
  const load = (name: RegExp): number => {
    const before = new Set(loaded)
    const files = Object.keys(outputs).filter((file) => name.test(outputs[file].entryPoint ?? ''))
    for (const file of files) {
      loaded.add(file)
      for (const { path, kind } of outputs[file].imports) if (kind === 'import-statement') files.push(path)
    }
    return sum([...loaded].filter((file) => !before.has(file)))
  }
  const sum = (files: string[]): number => files.reduce((total, file) => total + size(file), 0)
  return {
    start: load(/^program\.mjs$/),
    connecting: load(/\/keeping\.mjs$/),
    sending: load(/\/sending\.mjs$/),
    all: sum(Object.keys(outputs)),
  }
}

/** What a start may take, 14 kB; and of pages that are published what it takes today: nothing may grow it unseen. */
const bounds = { production: 12_850, development: 14_000 }

test('does not grow unseen, and is as large as the documentation says', () => {
  const client = sizes('WebSocketClient', 'hawser', 'production')
  const development = sizes('WebSocketClient')
  const formats = sizes('WebSocketClient, messagePackCodec, socketIo', 'hawser', 'production')
  console.log(`browser build, gzipped: ${JSON.stringify({ client, development, formats })}`)
  expect(client.start).toBeLessThanOrEqual(bounds.production)
  expect(development.start).toBeLessThanOrEqual(bounds.development)
  expect(client.all).toBeGreaterThan(client.start)
  expect(formats.start).toBeGreaterThan(client.start)
  const kilobytes = (file: string, pattern: RegExp): number[] =>
    (pattern.exec(readFileSync(join(root, file), 'utf8').replace(/\s+/g, ' ')) ?? []).slice(1).map(Number)
  const published = new RegExp(
    '(\\d+) kB[^.;]*minified and gzipped[^.;]* (\\d+) kB more while[^.;]* connection opens[^.;]* (\\d+) kB more with' +
      '[^.;]* first message; with all[^.]* (\\d+) kB',
  )
  for (const [file, pattern, measured] of [
    ['README.md', published, Object.values(client)],
    ['docs/browser.md', published, Object.values(client)],
    [
      'docs/browser.md',
      /words[^.;]* (\d+) kB to start; with all (\d+) kB/,
      [development.start, development.all],
    ],
  ] as const) {
    const near = measured.map((bytes) => expect.closeTo(bytes / 1000, 0) as number)
    expect({ file, kilobytes: kilobytes(file, pattern) }).toEqual({ file, kilobytes: near })
  }
})

test('without a bundler it takes as many files, and bytes, as the documentation says', () => {
  const loaded = (first: string): Set<string> => {
    const files = new Set([first])
    for (const file of files) {
      const text = readFileSync(join(root, 'dist/browser', file), 'utf8')
      for (const [, next] of text.matchAll(/^(?:import .*|\} )from "\.\/([\w-]+\.mjs)"/gm)) files.add(next)
    }
    return files
  }
  const kilobytes = (files: Set<string>): number =>
    [...files].reduce(
      (sum, file) =>
        sum + gzipSync(readFileSync(join(root, 'dist/browser', file)), { level: 9 }).length / 1000,
      0,
    )
  const text = readFileSync(join(root, 'docs/browser.md'), 'utf8').replace(/\s+/g, ' ')
  const [count, all, core] = (/takes (\d+) files, (\d+) kB gzipped.* one file, (\d+) kB\./.exec(text) ?? [])
    .slice(1)
    .map(Number)
  const [index, alone] = [loaded('index.mjs'), loaded('core.mjs')]
  expect([index.size, alone.size]).toEqual([count, 1])
  expect(Math.abs(kilobytes(index) - all)).toBeLessThan(2)
  expect(Math.abs(kilobytes(alone) - core)).toBeLessThan(2)
})

test('the doubles of `hawser/testing` share its classes, and are not part of a program without them', () => {
  const code = `import { HawserError } from ${JSON.stringify(pathToFileURL(bundle).href)}
    import { ManualClock, MockWebSocketClient } from ${JSON.stringify(
      pathToFileURL(join(root, 'dist/browser/testing.mjs')).href,
    )}
    const mock = new MockWebSocketClient({ clock: new ManualClock() })
    await mock.connect()
    let seen = 0
    mock.subscribe({ type: 'm', where: { '/payload': 1 } }, () => seen++)
    for (const payload of [1, 2, 1]) mock.simulateMessage('m', payload)
    const asked = mock.request('x')
    mock.simulateErrorReply({ code: 'UNAUTHORIZED', message: 'no' })
    console.log(JSON.stringify([seen, await asked.catch((error) => error instanceof HawserError)]))`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  expect(JSON.parse(out)).toEqual([2, true])
  expect(sizes('MockWebSocketClient', 'hawser/testing').start).toBeGreaterThan(1_000)
})

test.each(['default', 'production'])(
  'errors of `hawser/rxjs` are of the classes of the package: %s',
  (condition) => {
    const code = `import { HawserTypeError } from 'hawser'
    import { webSocket } from 'hawser/rxjs'
    globalThis.WebSocket = class {}
    try { webSocket({ url: 'ws://localhost', reconnect: 7 }) } catch (error) {
      console.log(JSON.stringify([error.code, error instanceof HawserTypeError]))
    }`
    const flags = ['browser', condition].map((name) => `--conditions=${name}`)
    const out = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(JSON.parse(out)).toEqual(['INVALID_OPTION', true])
  },
)

test('has the names of Node; those that it cannot serve say so when they are used', () => {
  const code = `import * as browser from ${JSON.stringify(pathToFileURL(bundle).href)}
    const said = Object.keys(browser).map((name) => {
      try { Reflect.construct(browser[name], []) } catch (error) { return [name, error.code + ' ' + error.message] }
      return [name, '']
    })
    console.log(JSON.stringify(said))`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  const said = new Map(JSON.parse(out) as [string, string][])
  expect([...said.keys()].sort()).toEqual(Object.keys(node).sort())
  for (const name of ['Hub', 'WebSocketServer', 'WebSocketPool', 'WebSocket', 'configure']) {
    expect(said.get(name)).toMatch(new RegExp(`^INVALID_STATE \`${name}\` needs Node`))
  }
})

test('for production errors have their class, code, name and what was given, without more words', () => {
  // What is wrong, and what of it the short message says.
  const wrong = {
    '({ reconnect: { minDelay: -1 } })': '`reconnect.minDelay`, not -1',
    "({ reconnect: { maxDelay: 'x' } })": "`reconnect.maxDelay`, not 'x'",
    '({ reconnect: { minDelay: 9, maxDelay: 8 } })': '`reconnect.maxDelay`, not 8',
    '({ heartbeat: 5 })': '`heartbeat`, not 5',
    "({ queue: { overflow: 'no' } })": "`queue.overflow`, not 'no'",
    '({ unheard: 1 })': '`unheard`',
    "({ protocols: 'a b' })": "'a b'",
    "({ url: 'ftp://x' })": "'ftp://x'",
    "({ auth: { token: 'x', as: 'header' } })": "`auth.as`, not 'header'",
    '({}).send(5)': '`type`, not 5',
    "({}).send('m', { durable: 1 }, { ttl: 0 })": '`ttl`, not 0',
    "({}).send('m', 1, { durable: true })": '`durable`, not true',
    "({}).send('m', 1n)": "'m'",
    "({}).on('m', 5)": '`handler`, not 5',
    "({}).disconnect(1000, 'x'.repeat(200))": '`reason`',
  }
  const code = (build: string): string => `
    import { WebSocketClient } from ${JSON.stringify(pathToFileURL(join(root, 'dist/browser', build)).href)}
    globalThis.WebSocket = class {}
    // What is wrong is thrown at the call, or told when it is known.
    let told
    const client = (options) => {
      const made = new WebSocketClient({ url: 'ws://x', ...options })
      made.on('error', told)
      return made
    }
    const said = []
    for (const call of [${Object.keys(wrong)
      .map((call) => `() => client${call}`)
      .join(', ')}]) {
      const error = await new Promise((resolve) => {
        told = resolve
        Promise.resolve().then(call).catch(resolve)
      })
      said.push([Object.getPrototypeOf(error.constructor).name, error.code, error.message])
    }
    const lost = client({ reconnect: false })
    const waiting = lost.request('sum').catch((error) => ['Error', error.code, error.message])
    lost.close()
    said.push(await waiting)
    console.log(JSON.stringify(said))`
  const [long, short] = ['index.mjs', 'production/index.mjs'].map((build) => {
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', code(build)], {
      encoding: 'utf8',
    })
    return JSON.parse(out) as [string, string, string][]
  })
  expect(short.map(([kind, code]) => [kind, code])).toEqual(long.map(([kind, code]) => [kind, code]))
  const facts = [...Object.values(wrong), "The request 'sum'"]
  for (const [i, [, code, message]] of short.entries()) {
    expect(message).toMatch(code)
    expect(message.slice(code.length + 2, code.length + 2 + facts[i].length)).toBe(facts[i])
    expect(message.length - code.length).toBeLessThan(long[i][2].length)
    expect(long[i][2]).not.toMatch(code)
  }
})

test('its defaults and errors are those of Node, as far as it has them', () => {
  for (const [name, row] of Object.entries(browserDefaults)) {
    expect({ name, ...row }).toEqual({ name, ...defaults[name as keyof typeof defaults] })
  }
  const folders = [
    'lib/client',
    'lib/client/codecs',
    'lib/client/dialects',
    'lib/client/portable',
    'lib/browser',
  ]
  const files = folders.flatMap((name) => readdirSync(join(root, name)).map((file) => join(root, name, file)))
  const mentioned = new Set<string>()
  for (const file of files) {
    if (!file.endsWith('.ts') || /pool|native|client\/client-platform/.test(file)) continue
    for (const [code] of readFileSync(file, 'utf8').matchAll(/(?<!`)\b[A-Z]+(?:_[A-Z]+)*\b(?!`)/g))
      mentioned.add(code)
  }
  const codes = (Object.keys(errorTable) as (keyof typeof errorTable)[]).filter((code) => mentioned.has(code))
  expect(codes.length).toBeGreaterThan(25)
  // Where messages are no more than the code, the documentation says what it means.
  const documented = readFileSync(join(root, 'docs/client.md'), 'utf8')
  expect(codes.filter((code) => !documented.includes(`\`${code}\``))).toEqual([])
  for (const code of codes) {
    const { recoverable, closeCode } = browserFacts(code)
    expect({ code, recoverable, closeCode }).toEqual({
      code,
      recoverable: errorTable[code].recoverable,
      closeCode: errorTable[code].closeCode,
    })
  }
})
