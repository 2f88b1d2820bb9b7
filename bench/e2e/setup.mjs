// What has to be there before anything is measured: the generator, the peers, the package, a certificate.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, runCommand } from './processes.mjs'

const bench = dirname(dirname(fileURLToPath(import.meta.url)))
const root = dirname(bench)
const buildDirectory = join(root, 'build', 'bench')

export const loadBinary = join(buildDirectory, 'hawser-load')

/** Builds the generator with optimisation; quick when nothing changed. */
async function buildGenerator(log) {
  log('building the load generator')
  if (!existsSync(join(buildDirectory, 'CMakeCache.txt'))) {
    mkdirSync(buildDirectory, { recursive: true })
    await runCommand('cmake', [
      'cmake',
      '--log-level=WARNING',
      '-S',
      join(bench, 'load'),
      '-B',
      buildDirectory,
      '-DCMAKE_BUILD_TYPE=Release',
    ])
  }
  await runCommand('the build of the load generator', ['cmake', '--build', buildDirectory])
}

function peersAreInstalled() {
  const marker = join(bench, 'node_modules', '.package-lock.json')
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(bench, 'package.json')).mtimeMs
}

async function installPeers(log) {
  if (peersAreInstalled()) return
  log('installing the peers')
  await runCommand('npm install of the peers', [
    'npm',
    'install',
    '--prefix',
    bench,
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
  ])
}

/** Lets the scripts import 'hawser' as a program that depends on it would. An npm install removes the link. */
function linkPackage() {
  const link = join(bench, 'node_modules', 'hawser')
  if (lstatSync(link, { throwIfNoEntry: false })) return
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(root, link, 'dir')
}

async function makeCertificate() {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  const child = new Child('making a certificate', [loadBinary, 'certificate', '--out', directory])
  const { key, certificate } = await child.line('key')
  return { key, cert: certificate }
}

export async function prepare({ install, log }) {
  if (install) {
    await buildGenerator(log)
    await installPeers(log)
  }
  if (!existsSync(loadBinary)) throw new Error('the load generator is not built; leave out --no-install')
  linkPackage()
  return { loadBinary, certificate: await makeCertificate() }
}

/** Versions of the peers as installed, for the record. */
export function versions() {
  const require = createRequire(join(bench, 'package.json'))
  const found = { node: process.version }
  for (const name of [
    'ws',
    'bufferutil',
    'undici',
    'reconnecting-websocket',
    'socket.io',
    '@socket.io/redis-adapter',
    'redis',
    'partysocket',
    'rxjs',
    'react-use-websocket',
    '@oven/bun-linux-x64',
    '@deno/linux-x64-glibc',
    'node24',
  ]) {
    const file = join(bench, 'node_modules', name, 'package.json')
    if (existsSync(file)) found[name] = require(file).version
  }
  return found
}

/** How many descriptors a child may open; it inherits the limit and raises it to its hard value. */
export function descriptorLimit() {
  const line = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('Max open files'))
  return Number(line?.trim().split(/\s+/)[4])
}
