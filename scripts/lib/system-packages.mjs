// The system packages a build needs: how each is recognised, and how the missing ones are installed (Debian, Ubuntu).
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { root } from './project.mjs'
import { StepFailed, which } from './run.mjs'

const includeDirs = ['/usr/include', '/usr/local/include']
const libraryDirs = [
  '/usr/lib',
  '/usr/local/lib',
  '/usr/lib64',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
]

const header = (name) => includeDirs.map((dir) => path.join(dir, name)).find((file) => fs.existsSync(file))
const library = (name) => libraryDirs.some((dir) => fs.existsSync(path.join(dir, name)))
const command = (name) => which(name) !== undefined
/** Some of them are where only root's PATH looks. */
const daemon = (name) => command(name) || fs.existsSync(`/usr/sbin/${name}`)

/** The browser of the tests and benchmarks, by any of the names it is packaged under. */
export const chromium = () => which('chromium') ?? which('chromium-browser') ?? which('google-chrome')

function boostIsNewEnough() {
  const file = header('boost/version.hpp')
  if (file === undefined) return false
  const version = /^#define BOOST_VERSION (\d+)/m.exec(fs.readFileSync(file, 'utf8'))
  return version !== null && Number(version[1]) >= 108100 && header('boost/beast.hpp') !== undefined
}

function clangHasSanitizers() {
  const folders = ['/usr/lib', '/usr/lib/clang']
  for (const folder of folders) {
    if (!fs.existsSync(folder)) continue
    for (const name of fs.readdirSync(folder)) {
      const base = folder === '/usr/lib' ? path.join(folder, name, 'lib/clang') : folder
      if (folder === '/usr/lib' && !name.startsWith('llvm-')) continue
      if (!fs.existsSync(base)) continue
      const hit = fs
        .readdirSync(base)
        .some((version) => fs.existsSync(path.join(base, version, 'lib/linux/libclang_rt.fuzzer-x86_64.a')))
      if (hit) return true
    }
  }
  return false
}

/** What is needed, the package that brings it (the first that exists), how it is recognised. */
const needs = [
  { purpose: 'build', packages: ['python3'], present: () => command('python3') },
  { purpose: 'build', packages: ['make'], present: () => command('make') },
  { purpose: 'build', packages: ['g++'], present: () => command('g++') },
  { purpose: 'build', packages: ['binutils'], present: () => command('strip') },
  { purpose: 'build', packages: ['cmake'], present: () => command('cmake') },
  { purpose: 'build', packages: ['ninja-build'], present: () => command('ninja') },
  {
    purpose: 'build',
    packages: ['libboost1.81-dev', 'libboost1.83-dev', 'libboost-dev'],
    present: boostIsNewEnough,
  },
  {
    purpose: 'build',
    packages: ['libssl-dev'],
    present: () => library('libssl.a') && header('openssl/ssl.h'),
  },
  { purpose: 'build', packages: ['zlib1g-dev'], present: () => library('libz.a') && header('zlib.h') },
  {
    purpose: 'build',
    packages: ['libsqlite3-dev'],
    present: () => library('libsqlite3.a') && header('sqlite3.h'),
  },
  {
    purpose: 'test',
    packages: ['libgtest-dev'],
    present: () => library('libgtest.a') && header('gtest/gtest.h'),
  },
  { purpose: 'test', packages: ['clang'], present: () => command('clang++') },
  { purpose: 'test', packages: ['clang-format'], present: () => command('clang-format') },
  { purpose: 'test', packages: ['clang-tidy'], present: () => command('clang-tidy') },
  { purpose: 'test', packages: ['libclang-rt-14-dev', 'libclang-rt-dev'], present: clangHasSanitizers },
  { purpose: 'test', packages: ['redis-server'], present: () => daemon('redis-server') },
  { purpose: 'test', packages: ['nats-server'], present: () => daemon('nats-server') },
  { purpose: 'test', packages: ['rabbitmq-server'], present: () => daemon('rabbitmq-server') },
  { purpose: 'test', packages: ['chromium'], present: () => chromium() !== undefined },
  { purpose: 'bench', packages: ['libbenchmark-dev'], present: () => header('benchmark/benchmark.h') },
]

/** Everything is built first; tests and micro-benchmarks need more. */
const purposes = { build: ['build'], test: ['build', 'test'], bench: ['build', 'bench'] }

const installer = path.join(root, 'scripts/lib/install-packages.sh')

/**
 * Needs of a purpose that this machine does not meet; none on systems other than Linux, where none is looked for.
 * @param {'build' | 'test' | 'bench'} purpose
 */
export function missingPackages(purpose) {
  if (process.platform !== 'linux') return []
  return needs.filter((need) => purposes[purpose].includes(need.purpose) && !need.present())
}

/** Installs missing packages with apt-get as root or through a sudo that asks nothing; else says what to run. */
export async function installSystemPackages(missing) {
  const firstChoice = missing.map((need) => need.packages[0])
  const advice = `apt-get update && sudo sh ${installer} ${firstChoice.join(' ')}`
  if (!command('apt-get')) {
    throw new StepFailed(`these packages (Debian's names) are missing: ${firstChoice.join(' ')}`)
  }
  const prefix = rootPrefix()
  if (prefix === undefined) {
    throw new StepFailed(`system packages are missing; run this and start again:\n  sudo ${advice}`)
  }
  console.log(`installing system packages: ${firstChoice.join(' ')}`)
  await aptGet([...prefix, 'apt-get', '-o', 'DPkg::Lock::Timeout=120', 'update'])
  const names = missing.map((need) => need.packages.find(isKnown) ?? need.packages[0])
  await aptGet([...prefix, 'sh', installer, ...names])
  const still = missing.filter((need) => !need.present()).map((need) => need.packages[0])
  if (still.length > 0) throw new StepFailed(`still missing after the installation: ${still.join(' ')}`)
}

function isKnown(name) {
  const result = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' })
  return /Candidate: \d/.test(result.stdout ?? '')
}

function rootPrefix() {
  if (process.getuid?.() === 0) return []
  if (command('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) {
    return ['sudo', '-n']
  }
  return undefined
}

/** Runs apt-get with one progress line in place of its output, which is shown when it fails. */
function aptGet(words) {
  return new Promise((resolve, reject) => {
    const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let steps = 0
    const onOutput = (chunk) => {
      output += chunk
      steps += (String(chunk).match(/^(Get|Unpacking|Setting up)/gm) ?? []).length
      if (process.stdout.isTTY) process.stdout.write(`\r  apt-get: ${steps} steps`)
    }
    child.stdout.on('data', onOutput)
    child.stderr.on('data', onOutput)
    child.on('error', reject)
    child.on('close', (code) => {
      if (process.stdout.isTTY) process.stdout.write('\n')
      if (code === 0) resolve()
      else reject(new StepFailed(`${output}\n${words.join(' ')} ended with code ${String(code)}`))
    })
  })
}
