// The build for browsers, in ES modules: dist/browser/index.mjs with the names, core.mjs with what every page needs, and
// a file for each part that a page loads when it uses it. esbuild and not the compiler makes them, since a bundle fails at
// once when something of Node's gets in, and since some files have other ones in their place there. dist/browser/production
// has the same files for the condition `production`, whose errors have their codes and facts without the words.
//
//   index.mjs ──► core.mjs ◄──── keeping.mjs ◄──── routes.mjs, sending.mjs, …
//       │            ├─ import() at connect ─► ▲       ▲
//       │            └─ import() when needed ──────────┘
//       └─ names of codecs, dialects, TokenSource ┘
import path from 'node:path'
import { privateNames } from './private-names.mjs'
import { root } from './project.mjs'
import { terseErrors } from './terse-errors.mjs'

/** Files of lib/, and those that take their places. */
export const swaps = {
  'client/client-outbox': 'browser/client-outbox',
  'client/client-platform': 'browser/client-platform',
  'client/client-send': 'browser/client-send',
  'client/client-tokens': 'browser/client-tokens',
  'client/connection-errors': 'browser/connection-errors',
  'client/control': 'browser/control',
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

/** And of the production build. */
const productionSwaps = { ...swaps, 'core/message-of': 'browser/message-of' }

/** The files of dist/browser, and what each is made of. What the first two have, others import from them. */
const files = {
  core: 'browser/core',
  keeping: 'browser/keeping-part',
  auth: 'browser/auth-part',
  detour: 'client/portable/detour',
  endpoints: 'client/portable/endpoints',
  formats: 'browser/formats',
  http: 'client/portable/http-link',
  options: 'browser/options-part',
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

/** What has its place in the file of options, for all but the core. */
const ofOptions = ['browser/defaults', 'core/validate']
/** What no page loads after the part `keeping`, and so has its own of what is in there. */
const alone = ['core', 'keeping', 'index', 'testing', 'utilities']

const lib = path.join(root, 'lib')
const nameOf = (file) =>
  path
    .relative(lib, file)
    .replaceAll(path.sep, '/')
    .replace(/\.[jt]s$/, '')

/**
 * @param {string} file of `files`
 * @param {Record<'core' | 'keeping', Set<string>>} shared what they are made of
 * @param {Record<string, string>} taking files, and those that take their places
 * @returns {import('esbuild').Plugin}
 */
const resolving = (file, shared, taking) => ({
  name: 'resolving',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path: name, importer, resolveDir, kind }) => {
      const wanted = nameOf(path.resolve(resolveDir, name))
      // What takes a place may use what was there, and what few pages load may use long words.
      const kept =
        importer.startsWith(path.join(lib, 'browser/')) ||
        (!['core', 'sending'].includes(file) && ofOptions.includes(wanted))
      const swapped = kept ? undefined : taking[wanted]
      const found = swapped ?? wanted
      if (file !== 'core' && shared.core.has(found)) return { path: './core.mjs', external: true }
      if (!alone.includes(file) && shared.keeping.has(found)) return { path: './keeping.mjs', external: true }
      // A bundler that splits by files would let a page load what the names and a part have in common, so the part has
      // its own.
      if (file === 'auth' && found === files.tokens) return undefined
      const other = ofOptions.includes(found)
        ? 'options'
        : Object.keys(files).find((one) => files[one] === found)
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
 * What stands on the package in browsers: the components and hooks, dist/react/browser.mjs, and the observables,
 * dist/rxjs/browser.mjs. React, RxJS and the package itself stay imports, so that a page has one copy of each, and an error
 * is of the same class wherever it comes from.
 */
export async function bundleFaces() {
  await bundleFace('react', 'index', ['react', 'react/jsx-runtime', 'hawser'])
  await bundleFace('rxjs', 'browser', ['rxjs', 'hawser'])
}

/** @param {string[]} packages what it may import */
async function bundleFace(folder, entry, packages) {
  const { build } = await import('esbuild')
  await build({
    absWorkingDir: root,
    entryPoints: [path.join(lib, folder, `${entry}.ts`)],
    outfile: path.join(root, 'dist', folder, 'browser.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    jsx: 'automatic',
    external: packages,
    // The compiler's own view of the name does not hold in a bundle.
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx' } },
    plugins: [
      {
        name: 'packages',
        setup(own) {
          own.onResolve({ filter: /\/error$/ }, ({ path: name, resolveDir }) =>
            nameOf(path.resolve(resolveDir, name)) === 'core/error'
              ? { path: 'hawser', external: true }
              : undefined,
          )
          onlyPackages(own, packages)
        },
      },
    ],
    logLevel: 'warning',
  })
}

/** Both builds, with the same names of private members. */
export async function bundleForBrowsers() {
  const builds = [
    { outdir: 'dist/browser', taking: swaps, plugins: [] },
    { outdir: 'dist/browser/production', taking: productionSwaps, plugins: [await terseErrors()] },
  ]
  // Once to see what they are made of, then with the names of private members shortened.
  const inputs = new Set()
  for (const build of builds) {
    build.shared = { core: new Set(), keeping: new Set() }
    for (const file of Object.keys(files)) {
      const { metafile } = await bundle(file, build, { write: false })
      const made = Object.keys(metafile.inputs)
      for (const input of made) inputs.add(input)
      if (file in build.shared)
        build.shared[file] = new Set(made.map((input) => nameOf(path.join(root, input))))
    }
  }
  const names = await privateNames(inputs)
  const mangleProps = new RegExp(`^(?:${names.join('|')})$`)
  let mangleCache = {}
  for (const build of builds) {
    for (const file of Object.keys(files))
      ({ mangleCache } = await bundle(file, build, { mangleProps, mangleCache }))
  }
}

async function bundle(file, { outdir, taking, plugins, shared }, options) {
  const { build } = await import('esbuild')
  return await build({
    absWorkingDir: root,
    entryPoints: { [file]: path.join(lib, `${files[file]}.ts`) },
    outdir: path.join(root, outdir),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    // Fields without a value need no code.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    plugins: [resolving(file, shared, taking), ...plugins],
    logLevel: 'warning',
    metafile: true,
    ...options,
  })
}
