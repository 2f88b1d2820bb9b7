// Runs clang-tidy over the project's own C++ files. A file that passed is not looked at again until it, a header
// it includes, the settings or the flags change.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { buildDir, filesUnder, hashFiles, hashText, jobs, root, writeFile } from './project.mjs'
import { pool, runAsync, runQuietly, StepFailed } from './run.mjs'

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

export async function runClangTidy() {
  const files = ['src', 'bench/load'].flatMap((folder) => filesUnder(folder, ['.cpp']))
  const version = runQuietly('clang-tidy', ['--version'])
  const failed = []
  await pool(files, jobs, async (file) => {
    const key = hashText(version, ...flags(), hashFiles(['.clang-tidy', file, ...includedBy(file)]))
    const stamp = path.join(cache, key)
    if (fs.existsSync(stamp)) return
    const { code, output } = await runAsync('clang-tidy', [
      '--quiet',
      '--warnings-as-errors=*',
      file,
      '--',
      ...flags(),
    ])
    if (code === 0) {
      writeFile(stamp, file)
    } else {
      failed.push(file)
      console.error(output.replace(/^\d+ warnings? (generated|treated).*\n/gm, ''))
    }
  })
  if (failed.length > 0) throw new StepFailed(`clang-tidy objects to ${failed.join(', ')}`)
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
