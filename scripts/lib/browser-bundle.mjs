// The build for browsers, in ES modules: dist/browser/index.mjs with the names, core.mjs with what every page needs, and
// a file for each part that a page loads when it uses it. esbuild and not the compiler makes them, since a bundle fails at
// once when something of Node's gets in, and since some files have other ones in their place there.
//
//   index.mjs ──► core.mjs ◄──────── routes.mjs, sending.mjs, …
//       │            └─ import() when needed ─► ▲
//       └─ names of codecs, dialects, TokenSource ┘
import path from 'node:path'
import { privateNames } from './private-names.mjs'
import { root } from './project.mjs'

/** Files of lib/, and those that take their places. */
export const swaps = {
  'client/client-outbox': 'browser/client-outbox',
  'client/client-platform': 'browser/client-platform',
  'client/client-send': 'browser/client-send',
  'client/client-tokens': 'browser/client-tokens',
  'client/envelope': 'browser/envelope',
  'client/equip': 'browser/equip',
  'client/formed': 'browser/formed',
  'client/learned': 'browser/learned',
  'client/layout': 'browser/layout',
  'client/message-texts': 'browser/message-texts',
  'client/pending': 'browser/pending',
  'client/portable/keep-alive': 'browser/keep-alive',
  'client/portable/load-http-link': 'browser/load-http-link',
  'client/portable/parts': 'browser/parts',
  'client/rooms': 'browser/rooms',
  'client/subscription-spec': 'browser/subscription-spec',
  'core/defaults': 'browser/defaults',
  'core/error-table': 'browser/error-table',
  'core/validate': 'browser/validate',
}

/** The files of dist/browser, and what each is made of. What the core has, the others import from it. */
const files = {
  core: 'browser/core',
  auth: 'browser/auth-part',
  detour: 'client/portable/detour',
  endpoints: 'client/portable/endpoints',
  formats: 'browser/formats',
  http: 'client/portable/http-link',
  options: 'core/validate',
  rooms: 'browser/rooms-part',
  routes: 'browser/route-part',
  sending: 'browser/sending-part',
  shaping: 'client/portable/send-shaping',
  store: 'browser/store-part',
  testing: 'browser/testing',
  tokens: 'client/auth',
  utilities: 'utilities/index',
  index: 'browser/index',
}

const lib = path.join(root, 'lib')
const nameOf = (file) =>
  path
    .relative(lib, file)
    .replaceAll(path.sep, '/')
    .replace(/\.[jt]s$/, '')

/**
 * @param {string} file of `files`
 * @param {Set<string>} shared what the core is made of
 * @returns {import('esbuild').Plugin}
 */
const resolving = (file, shared) => ({
  name: 'resolving',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path: name, importer, resolveDir, kind }) => {
      const wanted = nameOf(path.resolve(resolveDir, name))
      // What takes a place may use what was there, and what few pages load may use long words.
      const kept =
        importer.startsWith(path.join(lib, 'browser/')) ||
        (!['core', 'sending'].includes(file) && wanted === files.options)
      const swapped = kept ? undefined : swaps[wanted]
      const found = swapped ?? wanted
      if (shared.has(found)) return { path: './core.mjs', external: true }
      // A bundler that splits by files would let a page load what the names and a part have in common, so the part has
      // its own.
      if (file === 'auth' && found === files.tokens) return undefined
      const other = Object.keys(files).find((one) => files[one] === found)
      if (other !== undefined && (other !== file || kind === 'dynamic-import'))
        return { path: `./${other}.mjs`, external: true }
      return swapped === undefined ? undefined : { path: path.join(lib, `${swapped}.ts`) }
    })
    onlyPackages(build, [])
  },
})

/** Fails where something imports a package that is not one of these. */
function onlyPackages(build, packages) {
  build.onResolve({ filter: /^[^./]/ }, ({ path: name, importer, kind }) =>
    kind === 'entry-point' || packages.includes(name)
      ? undefined
      : { errors: [{ text: `${path.relative(root, importer)} imports ${name}, which no browser has` }] },
  )
}

/**
 * The components and hooks for browsers: dist/react/browser.mjs. React and the package itself stay imports, so that a page
 * has one copy of each.
 * @returns {Promise<import('esbuild').BuildResult>}
 */
export async function bundleReact() {
  const { build } = await import('esbuild')
  const packages = ['react', 'react/jsx-runtime', 'hawser']
  return await build({
    absWorkingDir: root,
    entryPoints: [path.join(lib, 'react/index.ts')],
    outfile: path.join(root, 'dist/react/browser.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    jsx: 'automatic',
    external: packages,
    // The compiler's own view of the name does not hold in a bundle.
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx' } },
    plugins: [{ name: 'packages', setup: (own) => onlyPackages(own, packages) }],
    logLevel: 'warning',
  })
}

/**
 * @param {import('esbuild').BuildOptions} [more]
 */
export async function bundleForBrowsers(more = {}) {
  const { build } = await import('esbuild')
  /** @param {import('esbuild').BuildOptions} options */
  const make = (file, shared, options) =>
    build({
      absWorkingDir: root,
      entryPoints: { [file]: path.join(lib, `${files[file]}.ts`) },
      outdir: path.join(root, 'dist/browser'),
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      // Fields without a value need no code.
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
      plugins: [resolving(file, shared)],
      logLevel: 'warning',
      metafile: true,
      ...more,
      ...options,
    })
  // Once to see what they are made of, then with the names of private members shortened, the same ones in all files.
  const inputs = new Set()
  const shared = new Set()
  for (const file of Object.keys(files)) {
    const { metafile } = await make(file, shared, { write: false })
    for (const input of Object.keys(metafile.inputs)) inputs.add(input)
    if (file === 'core') for (const input of inputs) shared.add(nameOf(path.join(root, input)))
  }
  const names = await privateNames(inputs)
  const mangleProps = new RegExp(`^(?:${names.join('|')})$`)
  let mangleCache = {}
  for (const file of Object.keys(files)) {
    const result = await make(file, file === 'core' ? new Set() : shared, { mangleProps, mangleCache })
    mangleCache = result.mangleCache
  }
}
