// Runs clang-tidy over the project's own C++ files, those of a folder as one. A file that passed is not looked at again
// until it, a header it includes, the settings or the flags change.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { buildDir, filesUnder, hashFiles, hashText, root, writeFile } from './project.mjs'
import { runQuietly, StepFailed } from './run.mjs'
import { missingPackages } from './system-packages.mjs'

const cache = path.join(buildDir, 'clang-tidy')
const require = createRequire(import.meta.url)

/** The flags of binding.gyp that matter to a reader of the code. */
function flags() {
  const modules = path.dirname(require.resolve('node-api-headers/package.json'))
  return [
    '-std=c++20',
    '-Wall',
    '-Wextra',
    '-DNAPI_VERSION=8',
    '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
    '-DNODE_ADDON_API_DISABLE_DEPRECATED',
    '-DBOOST_ASIO_NO_DEPRECATED',
    `-I${path.join(root, 'src')}`,
    `-isystem${path.join(root, 'node_modules/@nozbe/simdjson/src')}`,
    `-isystem${path.join(root, 'node_modules/node-addon-api')}`,
    `-isystem${path.join(modules, 'include')}`,
  ]
}

/** So many files are read as one at most. */
const batchSize = 30

/** The micro-benchmarks can be read only where Google Benchmark is, which tests do not need. */
function folders() {
  const missing = missingPackages('bench').length > 0
  return ['src', 'bench/load', ...(missing ? [] : ['bench/micro'])]
}

/** @param {import('./side-by-side.mjs').Check} check */
export async function runClangTidy(check) {
  const files = folders().flatMap((folder) => filesUnder(folder, ['.cpp']))
  const version = runQuietly('clang-tidy', ['--version'])
  const open = files
    .map((file) => ({
      file,
      stamp: path.join(
        cache,
        hashText(version, ...flags(), hashFiles(['.clang-tidy', file, ...includedBy(file)])),
      ),
    }))
    .filter(({ stamp }) => !fs.existsSync(stamp))
  const failed = []
  await Promise.all(batches(open).map(look))
  if (failed.length > 0) throw new StepFailed(`clang-tidy objects to ${failed.join(', ')}`)

  async function look(batch) {
    const { code, output } = await readAsOne(
      check,
      batch.map(({ file }) => file),
    )
    if (code === 0) {
      for (const { file, stamp } of batch) writeFile(stamp, file)
      return
    }
    // Names that files have to themselves can meet in one translation unit: who comes second is read with others.
    const meets = batch.filter(({ file }, i) => i > 0 && hasError(output, file))
    if (meets.length === 0) {
      report(batch, output)
      return
    }
    check.say(
      `names of ${meets.map(({ file }) => file).join(', ')} meet others: read once more, which takes longer`,
    )
    await look(batch.filter((entry) => !meets.includes(entry)))
    await look(meets)
  }

  function report(batch, output) {
    const named = batch.map(({ file }) => file).filter((file) => output.includes(file))
    failed.push(...(named.length > 0 ? named : batch.map(({ file }) => file)))
    check.say(output.replace(/^\d+ warnings? (generated|treated).*\n/gm, ''))
  }
}

/**
 * Files of a folder include the same headers, which cost far more to read and to match than the files themselves: 27
 * files read as one take the time of one.
 */
function batches(entries) {
  const result = []
  for (const folder of new Set(entries.map(({ file }) => path.dirname(file)))) {
    const own = entries.filter(({ file }) => path.dirname(file) === folder)
    for (let i = 0; i < own.length; i += batchSize) result.push(own.slice(i, i + batchSize))
  }
  return result.sort((a, b) => b.length - a.length)
}

function readAsOne(check, files) {
  if (files.length === 1) return tidy(check, files[0], [])
  const name = path.join(cache, `${path.dirname(files[0]).replaceAll('/', '-')}-${hashText(...files)}.cpp`)
  writeFile(name, files.map((file) => `#include "${path.join(root, file)}"\n`).join(''))
  return tidy(check, name, [
    '--checks=-bugprone-suspicious-include',
    '--header-filter=(src|bench/load|bench/micro)/.*\\.[ch]pp$',
  ])
}

/** Whether the compiler itself, not a check, stopped at a file. */
function hasError(output, file) {
  return output
    .split('\n')
    .some((line) => line.includes(`/${file}:`) && line.endsWith('[clang-diagnostic-error]'))
}

function tidy(check, file, settings) {
  return check.attempt('clang-tidy', [
    '--quiet',
    '--warnings-as-errors=*',
    ...settings,
    file,
    '--',
    ...flags(),
  ])
}

/** The project's headers that a file includes, directly or not, sorted. */
function includedBy(file) {
  const seen = new Set()
  const visit = (name) => {
    const text = fs.readFileSync(path.join(root, name), 'utf8')
    for (const [, included] of text.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) {
      const found = [
        path.posix.join('src', included),
        path.posix.join(path.posix.dirname(name), included),
      ].find((candidate) => fs.existsSync(path.join(root, candidate)))
      if (found !== undefined && !seen.has(found)) {
        seen.add(found)
        visit(found)
      }
    }
  }
  visit(file)
  return [...seen].sort()
}
