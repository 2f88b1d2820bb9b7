// Rules of this project that no common linter knows: who may include what, what lock files and texts may not hold.
import fs from 'node:fs'
import path from 'node:path'
import { filesUnder, root } from './project.mjs'

const read = (file) => fs.readFileSync(path.join(root, file), 'utf8')
const cppFiles = (folder) => filesUnder(folder, ['.cpp', '.hpp', '.h'])

/** Folders, what they may not include, and why. */
const includeRules = [
  {
    folder: 'src/core',
    forbidden: /^(node|js_native|napi|v8|uv)[\w.-]*\.h$|^(bridge|addon)\//,
    reason: 'the core knows neither Node nor the layers above it',
  },
  {
    folder: 'src/core/protocol',
    forbidden:
      /^boost\/(asio(?!\/buffer\.hpp)|beast(?!\/http\/))|^core\/net\/|^(thread|mutex|sys\/socket\.h)$/,
    reason: 'protocol state machines do no input or output',
  },
  {
    folder: 'src/bridge',
    forbidden: /^(node|js_native|napi|v8|uv)[\w.-]*\.h$|^boost\/|^openssl\/|^addon\//,
    reason: 'the bridge knows neither Node nor Asio',
  },
]

/** @returns {string[]} one line for each forbidden include */
export function includeViolations() {
  return includeRules.flatMap(({ folder, forbidden, reason }) =>
    cppFiles(folder).flatMap((file) =>
      [...read(file).matchAll(/^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm)]
        .filter(([, name]) => forbidden.test(name))
        .map(([, name]) => `${file}: includes ${name}, but ${reason}`),
    ),
  )
}

/** Lock files hold no download addresses (.npmrc sees to it), and every package has a checksum. */
export function lockFileViolations() {
  const lockFiles = filesUnder('', ['.json']).filter((file) => path.basename(file) === 'package-lock.json')
  return lockFiles.flatMap((file) => {
    const packages = Object.entries(JSON.parse(read(file)).packages)
    return packages
      .filter(([name, entry]) => name !== '' && !entry.link)
      .flatMap(([name, entry]) => [
        ...(entry.resolved === undefined ? [] : [`${file}: ${name} holds a download address`]),
        ...(entry.integrity === undefined && !entry.inBundle ? [`${file}: ${name} has no checksum`] : []),
      ])
  })
}

const textExtensions = [
  '.md',
  '.json',
  '.ts',
  '.mjs',
  '.cjs',
  '.js',
  '.yml',
  '.cpp',
  '.hpp',
  '.h',
  '.txt',
  '.gyp',
]
const registryHosts = new RegExp(['registry', 'npmjs'].join('\\.') + '|' + ['npmmirror', 'com'].join('\\.'))

/** Links in documents lead somewhere; nothing names a package registry's host; no file ends a line with a blank. */
export function textViolations() {
  const lines = []
  for (const file of filesUnder('', textExtensions)) {
    const text = read(file)
    if (registryHosts.test(text)) lines.push(`${file}: names a package registry's host`)
    if (/[ \t]+$/m.test(text) && !file.endsWith('.md')) lines.push(`${file}: a line ends with a blank`)
    if (file.endsWith('.md')) lines.push(...brokenLinks(file, text))
  }
  return lines
}

function brokenLinks(file, text) {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [name, anchor] = target.split('#')
      const linked = name === '' ? file : path.posix.join(path.posix.dirname(file), name)
      if (!fs.existsSync(path.join(root, linked))) return true
      return anchor !== undefined && linked.endsWith('.md') && !anchorsOf(read(linked)).has(anchor)
    })
    .map((target) => `${file}: the link ${target} leads nowhere`)
}

/** Anchors as GitHub makes them of headings. */
function anchorsOf(text) {
  const headings = [...text.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map(([, heading]) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  )
}
