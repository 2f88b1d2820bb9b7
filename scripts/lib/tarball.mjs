// Packs the package as it would be published.
import fs from 'node:fs'
import path from 'node:path'
import { buildDir } from './project.mjs'
import { runQuietly } from './run.mjs'

/** Packs into build/package and returns the tarball's absolute path. */
export function packTarball() {
  const folder = path.join(buildDir, 'package')
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', folder]
  const npm = process.env.npm_execpath
  if (npm?.endsWith('.js')) runQuietly(process.execPath, [npm, ...args])
  else runQuietly(process.platform === 'win32' ? 'npm.cmd' : 'npm', args)
  const [name] = fs.readdirSync(folder).filter((file) => file.endsWith('.tgz'))
  return path.join(folder, name)
}
