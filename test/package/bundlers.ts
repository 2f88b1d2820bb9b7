// Pages that bundlers make with the installed package, in Chromium, and the snippets for Angular compiled.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { Hub, WebSocketServer } from '../../lib'
import { startChromium } from '../browser/support/chromium'
import { event } from '../support/waiters'

const root = join(__dirname, '../..')
const bundlers = join(__dirname, 'bundlers/node_modules')

/** Starts at once, and wants a part that is loaded later. */
const program = `import { WebSocketClient } from 'hawser'
const client = new WebSocketClient({ url: location.hash.slice(1) })
const seen = []
client.subscribe({ type: 'tick', where: { '/payload/price': { gt: 2 } } }, ({ payload }) => seen.push(payload.price))
await client.connect()
const sum = await client.request('sum', [1, 2])
const wrong = []
try {
  new WebSocketClient({ url: location.hash.slice(1), reconnect: { minDelay: 'x' } })
} catch (error) {
  wrong.push(error instanceof TypeError, error.code, error.message)
}
globalThis.result = { sum, wrong, seen }
`
/** What is wrong, as the build for production says it. */
const wrong = [true, 'INVALID_OPTION', "INVALID_OPTION: `reconnect.minDelay`, not 'x'"]

/** What a bundler did, and said on the way. */
interface Bundle {
  warnings: string[]
}

const makers: Record<string, (project: string, out: string) => Bundle> = {
  vite: (project, out) => {
    const config = {
      root: project,
      configFile: false,
      logLevel: 'silent',
      build: {
        outDir: out,
        target: 'es2022',
        rollupOptions: {
          input: join(project, 'page.mjs'),
          output: { entryFileNames: 'page.js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    }
    return run(`const warnings = []
      import(${JSON.stringify(join(root, 'node_modules/vite/dist/node/index.js'))})
        .then(({ build, createLogger }) => build({
          ...${JSON.stringify(config)},
          customLogger: { ...createLogger('silent'), warn: (message) => warnings.push(message) },
        }))
        .then(() => console.log(JSON.stringify({ warnings })))`)
  },
  esbuild: (project, out) => {
    const config = {
      entryPoints: { page: join(project, 'page.mjs') },
      outdir: out,
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['production'],
      logLevel: 'silent',
    }
    return run(`require(${JSON.stringify(join(root, 'node_modules/esbuild'))})
      .build(${JSON.stringify(config)})
      .then(({ warnings }) => console.log(JSON.stringify({ warnings: warnings.map(({ text }) => text) })))`)
  },
  webpack: (project, out) => {
    const config = {
      mode: 'production',
      context: project,
      entry: './page.mjs',
      output: { path: out, filename: 'page.js' },
      // The page is a module for its `await`.
      experiments: { topLevelAwait: true },
    }
    return run(`const webpack = require(${JSON.stringify(join(bundlers, 'webpack'))})
      webpack(${JSON.stringify(config)}, (error, stats) => {
        const { errors, warnings } = error ? { errors: [error], warnings: [] } : stats.toJson()
        console.log(JSON.stringify({ warnings: [...errors, ...warnings].map(({ message }) => message) }))
      })`)
  },
  rollup: (project, out) => {
    const input = join(project, 'page.mjs')
    return run(`const { rollup } = require(${JSON.stringify(join(bundlers, 'rollup'))})
      const { nodeResolve } = require(${JSON.stringify(join(bundlers, '@rollup/plugin-node-resolve'))})
      const warnings = []
      rollup({
        input: ${JSON.stringify(input)},
        plugins: [nodeResolve({ browser: true })],
        onwarn: ({ message }) => warnings.push(message),
      })
        .then((bundle) => bundle.write({ dir: ${JSON.stringify(out)}, entryFileNames: 'page.js' }))
        .then(() => console.log(JSON.stringify({ warnings })))`)
  },
}

/** Bundlers run in a process of their own, as they do in a program's build: not in that of a test, as some tell by this. */
function run(script: string): Bundle {
  const env = { ...process.env, NODE_ENV: undefined }
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Bundle
}

/** Serves a folder, and notes what is asked for. */
async function serve(folder: string): Promise<{ url: string; asked: string[]; close: () => void }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1)
    if (extname(name) === '.js' || extname(name) === '.mjs') {
      asked.push(name)
      response.setHeader('content-type', 'text/javascript').end(readFileSync(join(folder, name)))
      return
    }
    response.setHeader('content-type', 'text/html')
    response.end('<link rel="icon" href="data:,"><script type="module" src="/page.js"></script>')
  })
  server.listen(0, '127.0.0.1')
  await event(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, asked, close: () => server.close() }
}

/** @param project the folder with the package installed */
export function bundlerCases(project: () => string): void {
  describe.each(Object.keys(makers))('bundled with %s', (maker) => {
    it('a page starts, and loads the parts that it needs when it needs them', async () => {
      const out = join(project(), maker)
      writeFileSync(join(project(), 'page.mjs'), program)
      expect(makers[maker](project(), out)).toEqual({ warnings: [] })
      // The parts are files of their own.
      expect(readdirSync(out).length).toBeGreaterThan(3)

      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      const hub = new Hub(server)
      hub.handle('sum', (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0))
      await event(server, 'listening')
      const { port } = server.address() as AddressInfo
      const pages = await serve(out)
      const browser = await startChromium()
      try {
        const { page, faults } = await browser.open(`${pages.url}#ws://127.0.0.1:${port}`)
        await page.waitForFunction('globalThis.result !== undefined')
        for (let price = 1; price <= 4; price++) hub.broadcast('tick', { price })
        await page.waitForFunction('result.seen.length === 2')
        expect(await page.evaluate('result')).toEqual({ sum: 3, wrong, seen: [3, 4] })
        expect(pages.asked[0]).toBe('page.js')
        expect(pages.asked.length).toBeGreaterThan(1)
        expect(pages.asked.length).toBeLessThan(readdirSync(out).length)
        expect(faults).toEqual([])
      } finally {
        await browser.close()
        pages.close()
        await hub.close()
      }
    })
  })

  it('the service and the component of docs/rxjs.md compile with Angular', () => {
    const folder = join(project(), 'angular')
    mkdirSync(folder)
    const [, section] = readFileSync(join(root, 'docs/rxjs.md'), 'utf8').split('## A service of Angular')
    const [service, component] = [...section.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code)
    writeFileSync(join(folder, 'queue.service.ts'), service)
    writeFileSync(join(folder, 'line.component.ts'), component)
    cpSync(join(root, 'examples/web/protocol/queue.ts'), join(folder, 'queue-protocol.ts'))
    const config = {
      compilerOptions: {
        ...{ strict: true, noEmit: true, experimentalDecorators: true, skipLibCheck: true, types: [] },
        ...{ target: 'ES2022', lib: ['ES2022', 'DOM'], module: 'ES2022', moduleResolution: 'bundler' },
        paths: { '@angular/*': [join(bundlers, '@angular/*')], rxjs: [join(root, 'node_modules/rxjs')] },
      },
      files: ['queue.service.ts', 'line.component.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const compiled = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' })
    expect(compiled).toMatchObject({ status: 0, stdout: '', stderr: '' })
  })
}
