// Makes a checkout ready: system packages (installed where that is allowed, else the command is printed) and
// npm packages. Quick when there is nothing to do. node scripts/setup.mjs [--for build,test]
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { installSystemPackages, missingPackages } from './lib/system-packages.mjs'
import { fileHolds, hashFiles, parseArguments, root, UsageError } from './lib/project.mjs'
import { run, runMain, StepFailed } from './lib/run.mjs'

const usage = `usage: node scripts/setup.mjs [--for build|test]

  --for build   what compiles and runs the package, the demo and the benchmarks
  --for test    also what the tests and checks need (the default)`

/**
 * Makes sure of everything that `purpose` needs.
 * @param {'build' | 'test'} purpose
 */
export async function setup(purpose) {
  checkNode()
  const missing = missingPackages(purpose)
  if (missing.length > 0) await installSystemPackages(missing)
  installNpmPackages('.')
  if (purpose !== 'test') return
  installNpmPackages('test/react/react-18')
  installNpmPackages('test/package/bundlers')
  installRuntimes()
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) throw new StepFailed(`Node 20 or newer is needed; this is ${process.version}`)
}

/** `npm ci` in a folder, unless what is installed was installed from the present lock file. */
function installNpmPackages(folder) {
  const modules = path.join(root, folder, 'node_modules')
  const stamp = path.join(modules, '.hawser-lock-hash')
  const hash = hashFiles([path.join(folder, 'package-lock.json')])
  if (fileHolds(stamp, hash)) return
  if (!matchesLock(folder)) {
    console.log(`installing npm packages${folder === '.' ? '' : ` in ${folder}`}`)
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const npm = process.env.npm_execpath
    const cwd = path.join(root, folder)
    if (npm?.endsWith('.js')) run(process.execPath, [npm, ...args], { cwd })
    else run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { cwd })
  }
  fs.writeFileSync(stamp, hash)
}

/** Whether the installed tree (npm's hidden lock file) has every package of the lock file, version by version. */
function matchesLock(folder) {
  const read = (name) => JSON.parse(fs.readFileSync(path.join(root, folder, name), 'utf8')).packages
  try {
    const wanted = read('package-lock.json')
    const installed = read('node_modules/.package-lock.json')
    return Object.entries(wanted).every(
      ([name, entry]) => name === '' || entry.optional || installed[name]?.integrity === entry.integrity,
    )
  } catch {
    return false
  }
}

/** The other Node versions and Bun, for the package test. It tests those that are there, so failing is no end. */
function installRuntimes() {
  try {
    installNpmPackages('test/package/runtimes')
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    console.warn(`the package test will run on ${process.version} alone: ${error.message}`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async (argv) => {
    const purpose = parseArguments(argv, { for: 'value' }).for ?? 'test'
    if (purpose !== 'build' && purpose !== 'test') throw new UsageError(`--for ${purpose} is not known`)
    await setup(purpose)
  }, usage)
}
