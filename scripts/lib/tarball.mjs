// Packs the package as it would be published.
import fs from 'node:fs'
import path from 'node:path'
import { buildDir } from './project.mjs'
import { StepFailed } from './run.mjs'

/**
 * Packs into build/package and returns the tarball's absolute path.
 * @param {import('./side-by-side.mjs').Check} check
 */
export async function packTarball(check) {
  const folder = path.join(buildDir, 'package')
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', folder]
  const npm = process.env.npm_execpath
  const { code, output } = npm?.endsWith('.js')
    ? await check.attempt(process.execPath, [npm, ...args])
    : await check.attempt(process.platform === 'win32' ? 'npm.cmd' : 'npm', args)
  if (code !== 0) {
    check.say(output)
    throw new StepFailed('npm pack failed')
  }
  const [name] = fs.readdirSync(folder).filter((file) => file.endsWith('.tgz'))
  return path.join(folder, name)
}
