// Builds the Node-API addon with node-gyp and puts a stripped copy where the loader looks first.
import fs from 'node:fs'
import path from 'node:path'
import { buildDir, fileHolds, filesUnder, hashText, hashFiles, jobs, root, writeFile } from './project.mjs'
import { compilerEnvironment, run, runQuietly, StepFailed, which } from './run.mjs'

const gyp = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js')
const built = path.join(buildDir, 'Release/hawser.node')
const target = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'hawser.node')

const configureInputs = ['binding.gyp', 'src/sources.json', 'scripts/gyp.cjs', 'package-lock.json']

/** Compiles what has changed since the last call; a call without changes costs a directory walk. */
export function buildAddon() {
  const sources = filesUnder('src')
  if (JSON.parse(fs.readFileSync(path.join(root, 'src/sources.json'), 'utf8')).addon.length === 0) {
    throw new StepFailed('src/sources.json lists no addon sources')
  }
  const stamp = path.join(buildDir, 'addon-stamp')
  const state = hashText(
    hashFiles([...sources, ...configureInputs, 'scripts/lib/addon.mjs']),
    process.version,
    process.env.CXX ?? '',
  )
  if (fs.existsSync(target) && fileHolds(stamp, state)) return

  configure()
  console.log('compiling the addon')
  run(process.execPath, [gyp, 'build', '--loglevel=error', `--jobs=${jobs}`, ...nodeDirectory()], {
    env: { ...compilerEnvironment(), ...compiler() },
  })
  publish()
  writeFile(stamp, state)
}

function configure() {
  const stamp = path.join(buildDir, 'addon-configured')
  const state = hashText(hashFiles(configureInputs), process.execPath, process.version)
  if (fs.existsSync(path.join(buildDir, 'Makefile')) && fileHolds(stamp, state)) return
  runQuietly(process.execPath, [gyp, 'configure', '--loglevel=error', ...nodeDirectory()])
  writeFile(stamp, state)
}

/** The headers that came with the running Node, where it has them; else node-gyp finds or fetches some. */
function nodeDirectory() {
  const own = path.resolve(process.execPath, '../..')
  return fs.existsSync(path.join(own, 'include/node/common.gypi')) ? [`--nodedir=${own}`] : []
}

function compiler() {
  if (process.env.CXX !== undefined || which('ccache') === undefined || process.platform !== 'linux')
    return {}
  return { CC: 'ccache gcc', CXX: 'ccache g++' }
}

/** A rename, since a process may have the present file mapped. */
function publish() {
  fs.mkdirSync(path.dirname(target), { recursive: true })
  const fresh = `${target}.new`
  if (process.platform === 'linux') run('strip', ['--strip-unneeded', '-o', fresh, built])
  else fs.copyFileSync(built, fresh)
  fs.renameSync(fresh, target)
}
