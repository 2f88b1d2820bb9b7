// Builds the pages when one of their sources has changed: examples/web and the package itself, to build/examples.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildDir, fileHolds, filesUnder, hashFiles, root, writeFile } from '../../scripts/lib/project.mjs'
import { runMain, withBuildLock } from '../../scripts/lib/run.mjs'

/** Where the built pages lie. */
export const siteFolder = path.join(buildDir, 'examples')

/**
 * @param {(line: string) => void} [say] hears what is being done; nothing is said when nothing is to do
 * @returns {Promise<string>} the folder of the pages
 */
export async function buildPages(say = console.log) {
  return await withBuildLock(async () => {
    const sources = filesUnder('examples/web', ['.html', '.css', '.ts', '.tsx', '.mjs', '.svg'])
    const packaged = filesUnder('lib', ['.ts', '.tsx', '.css'])
    const hash = hashFiles([...sources, ...packaged, 'package-lock.json'])
    const stamp = path.join(buildDir, 'examples.stamp')
    if (fs.existsSync(path.join(siteFolder, 'index.html')) && fileHolds(stamp, hash)) return siteFolder
    say('building the pages of the examples')
    fs.rmSync(stamp, { force: true })
    const { build } = await import('vite')
    await build({ configFile: path.join(root, 'examples/web/vite.config.mjs') })
    writeFile(stamp, hash)
    return siteFolder
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(() => buildPages(), 'usage: node examples/web/build.mjs')
}
