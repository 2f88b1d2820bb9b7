// What every script shares: the project's root, file lists and hashes. No dependencies, so it runs before npm ci.
import crypto from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const buildDir = path.join(root, 'build')

/** Parallel jobs of compilers and linters: HAWSER_JOBS, else the number of usable processors. */
export const jobs = Number(process.env.HAWSER_JOBS) || os.availableParallelism()

/** Where the project's own C++ lies. */
export const cppFolders = ['src', 'test', 'bench/load', 'bench/micro', 'cmake']

const skipped = new Set(['node_modules', 'build', 'dist', 'deps', 'prebuilds', '.git', 'coverage'])

/**
 * Files below a folder, sorted, as paths relative to the root with forward slashes.
 * @param {string} folder relative to the root; a missing one has no files
 * @param {string[]} [extensions] such as ['.cpp']; all when left out
 * @returns {string[]}
 */
export function filesUnder(folder, extensions) {
  const found = []
  const visit = (relative) => {
    let entries
    try {
      entries = fs.readdirSync(path.join(root, relative), { withFileTypes: true })
    } catch {
      return
    }
    for (const entry of entries) {
      const child = relative === '' ? entry.name : `${relative}/${entry.name}`
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) visit(child)
      } else if (extensions === undefined || extensions.includes(path.extname(entry.name))) {
        found.push(child)
      }
    }
  }
  visit(folder)
  return found.sort()
}

/** SHA-256 of strings, in hex. */
export function hashText(...parts) {
  const hash = crypto.createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

/** SHA-256 over the names and contents of files (relative to the root); a missing file counts as absent. */
export function hashFiles(files) {
  const hash = crypto.createHash('sha256')
  for (const file of files) {
    hash.update(file).update('\0')
    const absolute = path.resolve(root, file)
    if (fs.existsSync(absolute)) hash.update(fs.readFileSync(absolute))
    hash.update('\0')
  }
  return hash.digest('hex')
}

/** True when `file` (absolute) holds exactly `text`. */
export function fileHolds(file, text) {
  try {
    return fs.readFileSync(file, 'utf8') === text
  } catch {
    return false
  }
}

export function writeFile(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}

/**
 * Values of `--name value`, `--name=value` and bare `--name` arguments.
 * @param {string[]} argv
 * @param {Record<string, 'value' | 'flag'>} known
 * @returns {Record<string, string | true | undefined>}
 */
export function parseArguments(argv, known) {
  const values = {}
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = argv[i].replace(/^--/, '').split(/=(.*)/s, 2)
    if (!argv[i].startsWith('--') || known[name] === undefined) {
      throw new UsageError(`unknown argument: ${argv[i]}`)
    }
    if (known[name] === 'flag') {
      values[name] = true
    } else {
      const value = inline ?? argv[++i]
      if (value === undefined) throw new UsageError(`--${name} needs a value`)
      values[name] = value
    }
  }
  return values
}

export class UsageError extends Error {}
