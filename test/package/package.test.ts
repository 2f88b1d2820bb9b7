// The packed tarball, installed into an empty project with install scripts blocked, on every runtime there is.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { bundlerCases } from './bundlers'
import { runtimes } from './runtimes'

const root = join(__dirname, '../..')

/** The npm that runs this test, else the one on PATH. */
function npm(args: string[], cwd: string): string {
  const cli = process.env['npm_execpath']
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []]
  return execFileSync(command, [...first, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

let project: string
let installed: string

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'hawser-package-'))
  npm(['pack', '--loglevel=error', '--pack-destination', project], root)
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'))!
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }))
  npm(['install', '--ignore-scripts', '--offline', '--loglevel=error', `./${tarball}`], project)
  cpSync(join(__dirname, 'fixtures'), project, { recursive: true })
  installed = join(project, 'node_modules/hawser')
})

afterAll(() => rmSync(project, { recursive: true, force: true }))

describe('the installed package', () => {
  it('has no dependencies', () => {
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'hawser',
    ])
  })

  it('holds what it needs and nothing else', () => {
    const files = filesBelow(installed)
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'THIRD-PARTY.txt',
        'binding.gyp',
        'dist/index.d.mts',
        'dist/index.d.ts',
        'dist/index.js',
        'dist/index.mjs',
        'package.json',
        `prebuilds/${process.platform}-${process.arch}/hawser.node`,
        'scripts/gyp.cjs',
        'scripts/install.cjs',
        'src/sources.json',
        'types/native.d.ts',
      ]),
    )
    const expected =
      /^(dist|deps|prebuilds|src|types)\/|^scripts\/(gyp|install)\.cjs$|^(package\.json|binding\.gyp|[A-Z-]+(\.(md|txt))?)$/
    expect(files.filter((file) => !expected.test(file))).toEqual([])
    expect(files.filter((file) => /\.(test|tsbuildinfo)\b|\.log$/.test(file))).toEqual([])
  })

  it('needs no compilation: its install script finds the prebuilt binary and ends', () => {
    const result = spawnSync(process.execPath, ['scripts/install.cjs'], { cwd: installed, encoding: 'utf8' })
    expect({ status: result.status, stdout: result.stdout, stderr: result.stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
    expect(existsSync(join(installed, 'build'))).toBe(false)
  })

  it('installs where neither a binary fits nor a compiler is found, and says so when it is loaded', () => {
    const copy = join(project, 'elsewhere/node_modules/hawser')
    mkdirSync(copy, { recursive: true })
    cpSync(installed, copy, { recursive: true })
    rmSync(join(copy, 'prebuilds'), { recursive: true })
    const env = { ...process.env, PATH: join(project, 'nowhere'), npm_config_node_gyp: '' }
    const install = spawnSync(process.execPath, ['scripts/install.cjs'], { cwd: copy, encoding: 'utf8', env })
    expect(install.status).toBe(0)
    expect(install.stdout).toContain('apt-get install')

    const program = `try { new (require('hawser').WebSocket)('ws://127.0.0.1:9') } catch (error) { console.log(error.code) }`
    const load = spawnSync(process.execPath, ['-e', program], {
      cwd: join(project, 'elsewhere'),
      encoding: 'utf8',
    })
    expect(load.stdout.trim()).toBe('NATIVE_UNAVAILABLE')
  })
})

describe('its program', () => {
  it('runs under npx, and says which version it is', () => {
    const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      version: string
    }
    expect(npm(['exec', '--offline', '--', 'hawser', '--version'], project)).toBe(`${version}\n`)
    expect(npm(['exec', '--offline', '--', 'hawser', '--help'], project)).toMatch(/^usage: hawser COMMAND/)
  })

  it('connects to its own server', () => {
    const run = (words: string[]): string =>
      execFileSync(process.execPath, [join(installed, 'dist/cli/main.js'), ...words], { encoding: 'utf8' })
    const result = JSON.parse(
      run(['bench', '--serve', '-c', '2', '-t', '0.1', '--warmup', '0', '--json']),
    ) as { connections: number; failed: number }
    expect(result).toMatchObject({ connections: 2, failed: 0 })
  })
})

describe('under the condition `browser`', () => {
  const run = (program: string, ...words: string[]): string =>
    execFileSync(process.execPath, [...words, '--input-type=module', '-e', program], {
      cwd: project,
      encoding: 'utf8',
    }).trim()

  it('is the portable engine, for ES modules', () => {
    const where = "console.log(import.meta.resolve('hawser').split('/').slice(-3).join('/'))"
    expect(run(where, '--conditions=browser')).toBe('dist/browser/index.mjs')
    expect(run(where, '--conditions=browser', '--conditions=development')).toBe('dist/browser/index.mjs')
    expect(run(where, '--conditions=browser', '--conditions=production')).toBe('browser/production/index.mjs')
    expect(run(where, '--conditions=production')).toBe('hawser/dist/index.mjs')
    expect(run(where)).toBe('hawser/dist/index.mjs')
  })

  it('doubles for tests, and hooks, are of the same copy', () => {
    const program = `
      import { HawserError, WebSocketClient } from 'hawser'
      import { MockWebSocketClient } from 'hawser/testing'
      const mock = new MockWebSocketClient()
      await mock.connect()
      const asked = mock.request('x').catch((error) => error instanceof HawserError)
      mock.simulateErrorReply({ code: 'UNAUTHORIZED' })
      console.log(await asked)
      try { new WebSocketClient({ unheard: 1 }) } catch ({ code }) { console.log(code) }`
    for (const build of ['development', 'production'])
      expect(run(program, '--conditions=browser', `--conditions=${build}`).split('\n')).toEqual([
        'true',
        'INVALID_OPTION',
      ])
    const hooks = readFileSync(join(installed, 'dist/react/browser.mjs'), 'utf8')
    expect(hooks).toMatch(/from ["']hawser["']/)
  })

  it('connects through a WebSocket that it is given, and has no server', () => {
    const program = `
      import { Hub, WebSocketClient } from 'hawser'
      class Deaf { constructor(url) { console.log(url); setTimeout(() => this.onclose({ code: 1006 })) } close() {} }
      const client = new WebSocketClient({ url: 'https://x/y', WebSocket: Deaf, hawser: false, reconnect: false })
      await client.connect().catch(({ code }) => console.log(code))
      await client.close()
      try { new Hub() } catch ({ code }) { console.log(code) }`
    expect(run(program, '--conditions=browser').split('\n')).toEqual([
      'wss://x/y',
      'CONNECTION_FAILED',
      'INVALID_STATE',
    ])
  })
})

bundlerCases(() => project)

describe.each(runtimes())('on $name', ({ executable }) => {
  it.each(['echo.cjs', 'echo.mjs'])('%s echoes text and binary and the process ends by itself', (program) => {
    const result = spawnSync(executable, [program], { cwd: project, encoding: 'utf8', timeout: 300_000 })
    expect({ status: result.status, signal: result.signal, stderr: result.stderr }).toEqual({
      status: 0,
      signal: null,
      stderr: '',
    })
    expect(JSON.parse(result.stdout)).toEqual({
      text: 'grüße',
      textIsBinary: false,
      bytes: [0, 1, 254, 255],
      bytesAreBinary: true,
      code: 1000,
      status: 0,
    })
  })
})
