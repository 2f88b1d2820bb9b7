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
import { errorTable as browserErrors } from '../../lib/browser/error-table'
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

/**
 * Bytes of what esbuild makes of a program with these names, minified, in chunks, each compressed: what a page loads to
 * start, which is the entry with all that it imports statically, and all chunks together.
 */
function sizes(names: string, from = 'hawser'): { start: number; all: number } {
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
  const start = new Set(Object.keys(outputs).filter((file) => outputs[file].entryPoint === 'program.mjs'))
  for (const file of start) {
    for (const { path, kind } of outputs[file].imports) if (kind === 'import-statement') start.add(path)
  }
  const sum = (files: Iterable<string>): number => [...files].reduce((total, file) => total + size(file), 0)
  return { start: sum(start), all: sum(Object.keys(outputs)) }
}

/** What the client takes today: nothing may grow it unseen. */
const bound = 21_400

test('does not grow unseen, and is as large as the documentation says', () => {
  const client = sizes('WebSocketClient')
  const formats = sizes('WebSocketClient, messagePackCodec, socketIo')
  console.log(`browser build, gzipped: ${JSON.stringify({ client, formats })}`)
  expect(client.start).toBeLessThanOrEqual(bound)
  expect(client.all).toBeGreaterThan(client.start)
  expect(formats.start).toBeGreaterThan(client.start)
  for (const file of ['README.md', 'docs/browser.md']) {
    const said = /(\d+) kB[^.;]*minified and gzipped[^.;]*; with all[^.]* (\d+) kB/.exec(
      readFileSync(join(root, file), 'utf8').replace(/\s+/g, ' '),
    )
    const [start, all] = (said ?? []).slice(1).map(Number)
    expect({
      file,
      start: Math.abs(start - client.start / 1000),
      all: Math.abs(all - client.all / 1000),
    }).toEqual({
      file,
      start: expect.closeTo(0, 0) as number,
      all: expect.closeTo(0, 0) as number,
    })
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
  for (const file of folders.flatMap((name) =>
    readdirSync(join(root, name)).map((file) => join(root, name, file)),
  )) {
    if (!file.endsWith('.ts') || /pool|native|client\/client-platform/.test(file)) continue
    const codes = readFileSync(file, 'utf8').matchAll(/new HawserError\(\s*'([A-Z_]+)'/g)
    for (const [, code] of codes) expect([file, ...Object.keys(browserErrors)]).toContain(code)
  }
  for (const [code, { recoverable, closeCode }] of Object.entries(browserErrors)) {
    expect({ code, recoverable, closeCode }).toEqual({
      code,
      recoverable: errorTable[code as keyof typeof errorTable].recoverable,
      closeCode: errorTable[code as keyof typeof errorTable].closeCode,
    })
  }
})
