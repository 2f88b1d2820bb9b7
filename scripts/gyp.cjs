// Answers binding.gyp's questions, so that it holds no logic: node scripts/gyp.cjs sources|includes|prefix
// Headers and amalgamated sources come from node_modules in a checkout and from deps/ in the published package.
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')

/** First existing place of a bundled dependency, relative to the package root, with forward slashes. */
function dependency(name, inModules) {
  const candidates = [`deps/${name}`, `node_modules/${inModules}`]
  const found = candidates.find((candidate) => fs.existsSync(path.join(root, candidate)))
  if (found === undefined) throw new Error(`hawser: neither ${candidates.join(' nor ')} exists`)
  return found
}

const simdjson = () => dependency('simdjson', '@nozbe/simdjson/src')

/** So many files of a folder are compiled as one: what they include costs far more than they do. */
const UNITY_SIZE = 12

/** Writes files that include the sources of each folder, where they have changed, and returns their names. */
function unityFiles(sources) {
  const folder = path.join(root, 'build/unity')
  fs.mkdirSync(folder, { recursive: true })
  const folders = [...new Set(sources.map((file) => path.posix.dirname(file)))]
  return folders.flatMap((of) => {
    const own = sources.filter((file) => path.posix.dirname(file) === of)
    return Array.from({ length: Math.ceil(own.length / UNITY_SIZE) }, (_, i) => {
      const part = own.slice(i * UNITY_SIZE, (i + 1) * UNITY_SIZE)
      const name = `${of.replace('src/', '').replaceAll('/', '-')}-${i}.cpp`
      const text = part.map((file) => `#include "../../${file}"\n`).join('')
      const target = path.join(folder, name)
      if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== text) fs.writeFileSync(target, text)
      return `build/unity/${name}`
    })
  })
}

const answers = {
  sources() {
    const lists = JSON.parse(fs.readFileSync(path.join(root, 'src/sources.json'), 'utf8'))
    return [...unityFiles([...lists.core, ...lists.bridge, ...lists.addon]), `${simdjson()}/simdjson.cpp`]
  },
  includes() {
    return [
      'src',
      simdjson(),
      dependency('node-addon-api', 'node-addon-api'),
      dependency('node-api-headers', 'node-api-headers/include'),
    ]
  },
  // Where Boost, OpenSSL and zlib live on systems without a common place for them (Homebrew, vcpkg).
  prefix() {
    return [process.env.HAWSER_DEPS_PREFIX ?? '']
  },
}

const answer = answers[process.argv[2]]
if (answer === undefined) {
  console.error('usage: node scripts/gyp.cjs sources|includes|prefix')
  process.exit(2)
}
console.log(answer().join('\n'))
