// The examples of the documentation, run as printed: what they print is what their arrows say.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { within } from '../support/waiters'

const root = join(__dirname, '../..')
const helper = pathToFileURL(join(root, 'test/support/doc-server.mjs')).href

interface Example {
  name: string
  code: string
  expected: string[]
}

/** The blocks of a document whose fence says `js runnable`, each named by the heading before it. */
function examples(document: string): Example[] {
  const found: Example[] = []
  let heading = ''
  let code: string[] | undefined
  for (const line of readFileSync(join(root, document), 'utf8').split('\n')) {
    if (code === undefined) {
      if (line.startsWith('#')) heading = line.replace(/^#+ /, '')
      if (line === '```js runnable') code = []
    } else if (line === '```') {
      const expected = code.flatMap((each) => /^\s*\/\/ → (.*)$/.exec(each)?.[1] ?? [])
      found.push({
        name: `${document}, ${heading} (${found.length + 1})`,
        code: code.join('\n'),
        expected,
      })
      code = undefined
    } else code.push(line)
  }
  return found
}

/** Runs a module in a process of its own, in the package's folder, so that `hawser` is this package. */
async function run(code: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { code: null as number | null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text))
  try {
    out.code = await within(new Promise((resolve) => child.once('close', resolve)), 'end of the example')
    return out
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${out.stdout}\n${out.stderr}`, { cause: error })
  } finally {
    child.kill('SIGKILL')
  }
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-docs-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const pages = ['client', 'routing', 'formats', 'rxjs', 'testing', 'utilities'].map(
  (name) => `docs/${name}.md`,
)
const documented = pages.flatMap(examples)
/** As a browser would run it, with what it has and Node has not. */
const browser = {
  before: `import { WebSocket } from 'undici'
    import 'fake-indexeddb/auto'
    globalThis.WebSocket = WebSocket\n`,
  build: pathToFileURL(join(root, 'dist/browser/index.mjs')).href,
}

test('every page has examples, and every example says what it prints', () => {
  for (const page of pages) {
    expect(documented.filter(({ name }) => name.startsWith(page)).length).toBeGreaterThan(2)
  }
  expect(documented.filter(({ expected }) => expected.length === 0).map(({ name }) => name)).toEqual([])
})

const inBrowsers = examples('docs/browser.md').map((example) => ({
  ...example,
  code: browser.before + example.code.replace("from 'hawser'", `from '${browser.build}'`),
}))

test.each([...documented, ...inBrowsers])('$name', async ({ code, expected }) => {
  const file = JSON.stringify(join(folder, 'queue.db'))
  const before = `import { serveExamples as $serve } from '${helper}'
    const $server = await $serve()
    const { url, feed } = $server
    const file = ${file}\n`
  const out = await run(`${before}${code}\nawait $server.close()`)
  expect({ ...out, stdout: out.stdout.trimEnd().split('\n') }).toEqual({
    code: 0,
    stdout: expected,
    stderr: '',
  })
})

test('the first example of README.md runs as printed', async () => {
  const [, code] = /```js\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))!
  const out = await run(code)
  expect(out).toEqual({ code: 0, stdout: expect.stringMatching(/\S/) as string, stderr: '' })
})
