// Builds what has changed: lib/ to dist/ (CommonJS, declarations, ES module wrapper, browser bundle), the addon to
// prebuilds/<platform>-<arch>/hawser.node and, on request, the C++ programs of bench/load.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  buildDir,
  fileHolds,
  filesUnder,
  hashFiles,
  parseArguments,
  root,
  writeFile,
} from './lib/project.mjs'
import { buildPreset, hasCmakeFolder } from './lib/cmake.mjs'
import { buildAddon } from './lib/addon.mjs'
import { bundleFaces, bundleForBrowsers } from './lib/browser-bundle.mjs'
import { runMain, runTool, withBuildLock } from './lib/run.mjs'
import { writeEsmWrapper } from './esm-wrapper.mjs'
import { setup } from './setup.mjs'

const usage = `usage: node scripts/build.mjs [--only ts|native] [--load] [--no-setup]

  --only      build one of the two halves
  --load      also the C++ programs of bench/load (into build/dev)
  --no-setup  do not look for system and npm packages first`

/**
 * @param {{ only?: 'ts' | 'native', load?: boolean }} [options]
 */
export async function build(options = {}) {
  await withBuildLock(async () => {
    if (options.only !== 'native') await buildTypeScript()
    if (options.only !== 'ts') buildAddon()
    if (options.load && hasCmakeFolder('bench/load')) buildPreset('dev', ['hawser-load'])
  })
}

async function buildTypeScript() {
  const sources = [...filesUnder('lib', ['.ts', '.tsx', '.css']), ...filesUnder('types', ['.ts'])]
  const stamp = path.join(buildDir, 'tsc/stamp')
  const inputs = [
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'package-lock.json',
    'scripts/esm-wrapper.mjs',
    'scripts/lib/browser-bundle.mjs',
    'scripts/lib/private-names.mjs',
    'scripts/lib/terse-errors.mjs',
  ]
  const hash = hashFiles([...sources, ...inputs])
  const main = path.join(root, 'dist/index.mjs')
  if (fs.existsSync(main) && fileHolds(stamp, hash)) return

  // Outputs of sources that are gone must not stay: with another list of files everything is made anew. So it is when
  // dist/ is gone, since what the compiler remembers of its last run says that there is nothing to write.
  const listFile = path.join(buildDir, 'tsc/files')
  const list = sources.join('\n')
  if (!fs.existsSync(main) || !fileHolds(listFile, list)) {
    fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true })
    fs.rmSync(path.join(buildDir, 'tsc'), { recursive: true, force: true })
  }
  console.log('compiling TypeScript')
  runTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json'])
  await writeEsmWrapper()
  await bundleForBrowsers()
  await bundleFaces()
  fs.copyFileSync(path.join(root, 'lib/react/styles.css'), path.join(root, 'dist/react/styles.css'))
  // The compiler asks for the types of whatever a program imports.
  writeFile(path.join(root, 'dist/react/styles.css.d.ts'), 'export {}\n')
  writeFile(listFile, list)
  writeFile(stamp, hash)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async (argv) => {
    const options = parseArguments(argv, { only: 'value', load: 'flag', 'no-setup': 'flag' })
    if (!options['no-setup']) await setup('build')
    await build({ only: options.only, load: options.load })
  }, usage)
}
