// Removes everything that a build made; node_modules stay.
import fs from 'node:fs'
import path from 'node:path'
import { root } from './lib/project.mjs'
import { runMain } from './lib/run.mjs'

await runMain(() => {
  for (const folder of ['build', 'dist', 'deps', 'prebuilds', 'coverage']) {
    fs.rmSync(path.join(root, folder), { recursive: true, force: true })
  }
}, 'usage: npm run clean')
