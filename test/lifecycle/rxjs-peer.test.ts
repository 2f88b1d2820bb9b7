// RxJS is loaded by `hawser/rxjs` and by nothing else; where it is missing, or too old, that is said. In browsers the
// subpath needs nothing of Node.
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'

const root = join(__dirname, '../..')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-peer-'))
  // Without the packages that lie beside it here.
  const installed = join(folder, 'node_modules/hawser')
  mkdirSync(installed, { recursive: true })
  for (const name of ['dist', 'prebuilds', 'package.json'])
    symlinkSync(join(root, name), join(installed, name))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a program in a folder that has hawser and nothing else. */
function run(code: string, ...flags: string[]): unknown {
  // Links are kept, so that packages are looked for in that folder.
  const words = ['--preserve-symlinks', '--preserve-symlinks-main', ...flags, '-e', code]
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

const failure = '({ code, message }) => console.log(JSON.stringify({ code, message }))'

test('`hawser` alone does not load it', () => {
  const loaded = 'Object.keys(require.cache).filter((file) => /node_modules.rxjs/.test(file)).length'
  expect(run(`require('hawser'); console.log(${loaded})`)).toBe(0)
})

test.each([
  ['require', `try { require('hawser/rxjs') } catch (error) { (${failure})(error) }`, []],
  ['import', `import('hawser/rxjs').catch(${failure})`, ['--input-type=module']],
])('%s without it says what to install', (_how, code, flags) => {
  expect(run(code, ...flags)).toEqual({
    code: 'INVALID_STATE',
    message: '`hawser/rxjs` needs the package `rxjs`: npm install rxjs@7',
  })
})

test.each(['7.2.0', '6.6.7', '8.0.0-alpha.14'])('so it does with %s', (version) => {
  mkdirSync(join(folder, 'node_modules/rxjs'))
  writeFileSync(join(folder, 'node_modules/rxjs/package.json'), JSON.stringify({ name: 'rxjs', version }))
  const code = `try { require('hawser/rxjs') } catch (error) { (${failure})(error) }`
  expect(run(code)).toEqual({
    code: 'INVALID_STATE',
    message: `\`hawser/rxjs\` works with RxJS 7 from 7.3 on, and ${version} is installed: npm install rxjs@7`,
  })
})

test('a bundle for browsers works with their WebSocket', async () => {
  const program = `
    import { webSocket } from 'hawser/rxjs'
    webSocket({ url: 'ws://far.example/', reconnect: true }).subscribe((value) => seen.push(value))
    export const made = WebSocket.made`
  const { outputFiles, errors } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    // What the exports of the package say, not where its sources are.
    tsconfigRaw: {},
    logLevel: 'silent',
  })
  expect(errors).toEqual([])
  class Socket {
    static made: Socket[] = []
    onmessage: ((event: { data: string }) => void) | null = null
    constructor(readonly url: string) {
      Socket.made.push(this)
    }
  }
  const seen: unknown[] = []
  const { TextEncoder, URL, queueMicrotask, setTimeout, clearTimeout } = globalThis
  const page = { WebSocket: Socket, seen, TextEncoder, URL, queueMicrotask, setTimeout, clearTimeout }
  runInContext(outputFiles[0].text, createContext(page))
  expect(Socket.made.map(({ url }) => url)).toEqual(['ws://far.example/'])
  Socket.made[0].onmessage?.({ data: '{"a":1}' })
  expect(JSON.stringify(seen)).toBe('[{"a":1}]')
})
