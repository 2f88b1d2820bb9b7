// One build of all pages: every folder here that has an index.html is one, but for the dashboard, whose service builds it
// (examples/demo/live/page.mjs).
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = path.join(here, '../..')
const pages = fs
  .readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'dashboard')
  .filter((entry) => fs.existsSync(path.join(here, entry.name, 'index.html')))
  .map(({ name }) => [name, path.join(here, name, 'index.html')])

export default defineConfig({
  root: here,
  base: '/',
  logLevel: 'warn',
  cacheDir: path.join(root, 'build/vite'),
  resolve: { dedupe: ['react', 'react-dom', 'rxjs', 'yjs'] },
  build: {
    outDir: path.join(root, 'build/examples'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: Object.fromEntries([['home', path.join(here, 'index.html')], ...pages]),
      onLog(level, log, handle) {
        // "use client" of hawser/react is for frameworks that render on servers, too.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
      },
    },
  },
})
