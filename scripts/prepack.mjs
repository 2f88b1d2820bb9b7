// Runs before the package is packed: builds it and gathers in deps/ what a compilation at a user's machine needs.
import fs from 'node:fs'
import path from 'node:path'
import { build } from './build.mjs'
import { root } from './lib/project.mjs'
import { runMain } from './lib/run.mjs'

const copies = [
  ['@nozbe/simdjson/src/simdjson.h', 'simdjson/simdjson.h'],
  ['@nozbe/simdjson/src/simdjson.cpp', 'simdjson/simdjson.cpp'],
  ['@nozbe/simdjson/LICENSE', 'APACHE-2.0.txt'],
  ['node-addon-api/napi.h', 'node-addon-api/napi.h'],
  ['node-addon-api/napi-inl.h', 'node-addon-api/napi-inl.h'],
  ['node-addon-api/napi-inl.deprecated.h', 'node-addon-api/napi-inl.deprecated.h'],
  ['node-addon-api/LICENSE.md', 'node-addon-api/LICENSE.md'],
  ['node-api-headers/include', 'node-api-headers'],
  ['node-api-headers/LICENSE', 'node-api-headers/LICENSE'],
]

function gather() {
  const deps = path.join(root, 'deps')
  fs.rmSync(deps, { recursive: true, force: true })
  for (const [from, to] of copies) {
    const target = path.join(deps, to)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.cpSync(path.join(root, 'node_modules', from), target, { recursive: true })
  }
}

await runMain(async () => {
  await build()
  gather()
}, 'usage: npm pack')
