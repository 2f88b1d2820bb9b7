// Makes a page's program of test files: what is for the servers is asked of Node, the package is that of dist/browser.
import { type Plugin, build } from 'esbuild'
import { builtinModules } from 'node:module'
import { join, relative } from 'node:path'
import type { Module } from './host'

const root = join(__dirname, '../../..')
const inPage = join(__dirname, 'in-page')
const builtin = new Set(builtinModules)

/** Modules of the tests that are the servers' side. */
const serverModules = [
  ...['integration/support/far-end', 'integration/support/storm'],
  ...['support/kernel', 'support/raw-peer', 'support/raw-server'],
].map((name) => join(root, 'test', name))
/** What pages have of packages; all others are used by servers. */
const pagePackages = ['@msgpack/msgpack', 'expect']

const withoutPrefix = (name: string): string => name.replace(/^node:/, '')

/** Finds a module of Node for a page. */
export function loadInNode(name: string): Module {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- so that tests and pages share what Jest has loaded
  return require(name === 'lib' ? '../../../lib' : name) as Module
}

const sides: Plugin = {
  name: 'sides',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ path, resolveDir }) => {
      if (path === 'hawser') return { path: join(root, 'dist/browser/index.mjs') }
      const ofPackage = resolveDir.includes('node_modules')
      if (ofPackage) {
        // Of expect(): what it would write its messages with in Node.
        const unused = builtin.has(withoutPrefix(path)) || path === 'graceful-fs'
        return unused ? { path: withoutPrefix(path), namespace: 'unused' } : undefined
      }
      if (!path.startsWith('.')) {
        const local = path.startsWith('/') || pagePackages.includes(path)
        return local ? undefined : { path, namespace: 'node' }
      }
      const full = join(resolveDir, path)
      // The package says of its files that they do nothing by themselves.
      if (full === join(inPage, 'globals')) return { path: `${full}.ts`, sideEffects: true }
      if (full === join(root, 'lib')) return { path: join(inPage, 'package.ts') }
      if (serverModules.includes(full)) return { path: full, namespace: 'node' }
      return undefined
    })
    onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
      resolveDir: inPage,
      contents: `const { farName } = require('./far')
for (const name of ${JSON.stringify(Object.keys(loadInNode(path)))})
  Object.defineProperty(exports, name, { enumerable: true, get: () => farName(${JSON.stringify(path)}, name) })
Object.defineProperty(exports, '__esModule', { value: true })`,
    }))
    onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: `for (const name of ${JSON.stringify(Object.keys(loadInNode(path)))}) exports[name] = () => ''`,
    }))
  },
}

/** @param files test files by the names that the program has for them */
export async function bundle(files: Record<string, string>): Promise<string> {
  const path = (file: string): string => JSON.stringify(`./${relative(root, file)}`)
  const test = join(root, 'test')
  const loads = Object.entries(files).map(
    ([name, file]) => `${JSON.stringify(name)}: () => require(${path(file)})`,
  )
  const { outputFiles } = await build({
    stdin: {
      resolveDir: root,
      contents: `import { contract } from ${path(join(inPage, 'start.ts'))}
import { carrier } from ${path(join(test, 'integration/support/managed.ts'))}
import { overHttp } from ${path(join(test, 'contract/support/over-http.ts'))}
globalThis.contract = { ...contract, carrier, overHttp, files: { ${loads.join(', ')} } }`,
    },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    tsconfigRaw: {},
    define: { global: 'globalThis', __dirname: '"/"', 'process.env.NODE_ENV': '"test"' },
    plugins: [sides],
  })
  return outputFiles[0].text
}
