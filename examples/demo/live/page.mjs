// Builds the page of the dashboard when one of its sources has changed.
import fs from 'node:fs'
import path from 'node:path'
import { buildDir, fileHolds, filesUnder, hashFiles, root, writeFile } from '../../../scripts/lib/project.mjs'
import { withBuildLock } from '../../../scripts/lib/run.mjs'
import { UsageError } from '../arguments.mjs'

const folder = path.join(buildDir, 'dashboard')
const source = path.join(root, 'examples/web/dashboard')

/**
 * @param {(line: string) => void} say hears what is being done; nothing is said when nothing is to do
 * @returns {Promise<string>} the folder of the page
 */
export async function buildPage(say) {
  return await withBuildLock(async () => {
    const kinds = ['.html', '.css', '.ts', '.tsx', '.mjs', '.svg']
    const hash = hashFiles([
      ...[
        'examples/web/dashboard',
        'examples/web/shared',
        'examples/web/protocol',
        'examples/demo/live',
      ].flatMap((each) => filesUnder(each, kinds)),
      ...filesUnder('lib', ['.ts', '.tsx', '.css']),
      'package-lock.json',
    ])
    const stamp = path.join(buildDir, 'dashboard.stamp')
    if (fs.existsSync(path.join(folder, 'index.html')) && fileHolds(stamp, hash)) return folder
    say('building the page')
    fs.rmSync(stamp, { force: true })
    const { build } = await import('vite').catch((error) => {
      throw new UsageError(`The page cannot be built (${error.message.split('\n')[0]}). Next: npm install`)
    })
    // Whatever else this process is run for, the page gets React as it is meant for visitors.
    const environment = process.env.NODE_ENV
    process.env.NODE_ENV = 'production'
    await build({
      configFile: false,
      root: source,
      base: '/',
      logLevel: 'warn',
      cacheDir: path.join(buildDir, 'vite'),
      resolve: { dedupe: ['react', 'react-dom'] },
      build: {
        outDir: folder,
        emptyOutDir: true,
        target: 'es2022',
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        rolldownOptions: {
          onLog: (level, log, say) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && say(level, log),
        },
      },
    })
    if (environment === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = environment
    writeFile(stamp, hash)
    return folder
  })
}
