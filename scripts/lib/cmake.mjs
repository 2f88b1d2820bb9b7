// Configures and builds CMake presets, for the scripts of this folder.
import fs from 'node:fs'
import path from 'node:path'
import { buildDir, fileHolds, hashFiles, hashText, jobs, root, writeFile } from './project.mjs'
import { compilerEnvironment, run, runQuietly, which } from './run.mjs'

export const hasCmakeFolder = (folder) => fs.existsSync(path.join(root, folder, 'CMakeLists.txt'))

/**
 * Builds targets of a preset (all of them when none is named), configuring it first where needed.
 * @param {'dev' | 'asan' | 'tsan' | 'fuzz'} preset
 * @param {string[]} [targets]
 */
export function buildPreset(preset, targets = []) {
  configurePreset(preset)
  const selected = targets.length > 0 ? ['--target', ...targets] : []
  run('cmake', ['--build', path.join(buildDir, preset), '--parallel', String(jobs), ...selected], {
    env: { ...compilerEnvironment(), NINJA_STATUS: `[${preset} %f/%t] ` },
  })
}

/** Ninja re-configures by itself when a CMake file or a globbed folder changes; this is for the first time. */
export function configurePreset(preset) {
  const folder = path.join(buildDir, preset)
  const stamp = path.join(folder, '.configured')
  const state = hashText(hashFiles(['CMakePresets.json']), String(which('ccache')))
  if (fileHolds(stamp, state) && fs.existsSync(path.join(folder, 'build.ninja'))) return
  runQuietly('cmake', ['--preset', preset], { env: compilerEnvironment() })
  writeFile(stamp, state)
}

/** Runs the tests of a built preset; `wrapper` is put before the command. */
export function testPreset(preset, wrapper = []) {
  const words = [...wrapper, 'ctest', '--test-dir', path.join(buildDir, preset), '--output-on-failure']
  run(words[0], [...words.slice(1), '--no-tests=error', '--parallel', String(jobs)])
}
