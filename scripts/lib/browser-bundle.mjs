// The build for browsers: dist/browser/index.mjs, one ES module made of lib/browser and of what lib/client shares with it.
// esbuild and not the compiler makes it, since a bundle fails at once when something of Node's gets in, and since some
// files have other ones in their place there.
import path from 'node:path'
import { root } from './project.mjs'

/** Files of lib/, and those that take their places. */
export const swaps = {
  'client/client-platform': 'browser/client-platform',
  'client/equip': 'browser/equip',
  'client/portable/load-http-link': 'browser/load-http-link',
  'core/defaults': 'browser/defaults',
  'core/error-table': 'browser/error-table',
}

const lib = path.join(root, 'lib')

/**
 * @param {readonly string[]} [packages] those that may be imported
 * @returns {import('esbuild').Plugin}
 */
const swap = (packages = []) => ({
  name: 'swap',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path: name, importer, resolveDir }) => {
      const wanted = path.relative(lib, path.resolve(resolveDir, name)).replaceAll(path.sep, '/')
      const other = swaps[wanted]
      // What takes a place may use what was there.
      if (other === undefined || importer === path.join(lib, `${other}.ts`)) return undefined
      return { path: path.join(lib, `${other}.ts`) }
    })
    build.onResolve({ filter: /^[^./]/ }, ({ path: name, importer, kind }) =>
      kind === 'entry-point' || packages.includes(name)
        ? undefined
        : { errors: [{ text: `${path.relative(root, importer)} imports ${name}, which no browser has` }] },
    )
  },
})

/**
 * The components and hooks for browsers: dist/react/browser.mjs. React and the package itself stay imports, so that a page
 * has one copy of each.
 * @returns {Promise<import('esbuild').BuildResult>}
 */
export async function bundleReact() {
  const { build } = await import('esbuild')
  return await build({
    absWorkingDir: root,
    entryPoints: [path.join(lib, 'react/index.ts')],
    outfile: path.join(root, 'dist/react/browser.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    jsx: 'automatic',
    external: ['react', 'react/jsx-runtime', 'hawser'],
    // The compiler's own view of the name does not hold in a bundle.
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx' } },
    plugins: [swap(['react', 'react/jsx-runtime', 'hawser'])],
    logLevel: 'warning',
  })
}

/**
 * @param {import('esbuild').BuildOptions} [more]
 * @returns {Promise<import('esbuild').BuildResult>}
 */
export async function bundleForBrowsers(more = {}) {
  const { build } = await import('esbuild')
  return await build({
    absWorkingDir: root,
    entryPoints: [path.join(lib, 'browser/index.ts')],
    outfile: path.join(root, 'dist/browser/index.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    plugins: [swap()],
    logLevel: 'warning',
    ...more,
  })
}
