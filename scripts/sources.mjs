// Keeps src/sources.json equal to the .cpp files on disk: node scripts/sources.mjs [--write]
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { filesUnder, root } from './lib/project.mjs'

const listFile = path.join(root, 'src/sources.json')
const groups = ['core', 'bridge', 'addon']

const onDisk = () => Object.fromEntries(groups.map((group) => [group, filesUnder(`src/${group}`, ['.cpp'])]))

/** Lines that say how src/sources.json differs from the disk; empty when it does not. */
export function sourceDifferences() {
  const listed = JSON.parse(fs.readFileSync(listFile, 'utf8'))
  const disk = onDisk()
  return groups.flatMap((group) => {
    const known = listed[group] ?? []
    return [
      ...disk[group].filter((file) => !known.includes(file)).map((file) => `${file} is not listed`),
      ...known.filter((file) => !disk[group].includes(file)).map((file) => `${file} does not exist`),
    ]
  })
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes('--write')) fs.writeFileSync(listFile, `${JSON.stringify(onDisk(), null, 2)}\n`)
  const differences = sourceDifferences()
  for (const line of differences) console.error(`src/sources.json: ${line}`)
  if (differences.length > 0) {
    console.error('Run: node scripts/sources.mjs --write')
    process.exitCode = 1
  }
}
