// The build for browsers: how large it is, which names it has, and whether its tables agree with those of Node.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'hawser-browser-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Bytes of what a bundler makes of a program with these names, minified and compressed. */
function size(names: string): number {
  const program = join(folder, 'program.mjs')
  writeFileSync(program, `export { ${names} } from ${JSON.stringify(bundle)}`)
  const words = [program, '--bundle', '--minify', '--format=esm', '--platform=browser', '--target=es2022']
  const text = execFileSync(join(root, 'node_modules/.bin/esbuild'), words, { maxBuffer: 1 << 26 })
  return gzipSync(text, { level: 9 }).length
}

/** What the client takes today, with a little room: nothing may grow it unseen. */
const bound = 38_000

test('does not grow unseen, and is smaller for a program that uses part of it', () => {
  const client = size('WebSocketClient')
  const codecs = size('WebSocketClient, messagePackCodec, socketIo')
  console.log(`browser build, gzipped: client ${client} bytes, with a codec and a dialect ${codecs} bytes`)
  expect(client).toBeLessThanOrEqual(bound)
  expect(codecs).toBeGreaterThan(client)
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
  for (const [code, { recoverable, closeCode }] of Object.entries(browserErrors)) {
    expect({ code, recoverable, closeCode }).toEqual({
      code,
      recoverable: errorTable[code as keyof typeof errorTable].recoverable,
      closeCode: errorTable[code as keyof typeof errorTable].closeCode,
    })
  }
})
