// Builds pages with Vite when one of their sources or the package has changed. A page is a folder here with a `main` and a
// style sheet of its name; page.html is what all of them have.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  buildDir,
  fileHolds,
  filesUnder,
  hashFiles,
  root,
  UsageError,
  writeFile,
} from '../../scripts/lib/project.mjs'
import { runMain, withBuildLock } from '../../scripts/lib/run.mjs'

const here = path.join(root, 'examples/web')

/** Title of each page of the examples, by its folder. */
const examples = {
  chat: 'Chat',
  notifications: 'Notifications',
  presence: 'Presence',
  events: 'Events',
  queue: 'Waiting room',
  editor: 'Editor',
}

/** Where the built pages of the examples lie. */
export const siteFolder = path.join(buildDir, 'examples')

/**
 * The pages of the examples, and the list of them.
 * @param {(line: string) => void} [say] hears what is being done; nothing is said when nothing is to do
 * @returns {Promise<string>} the folder of the pages
 */
export async function buildPages(say = console.log) {
  const titles = Object.entries(examples).map(([folder, title]) => [folder, `${title} · hawser`])
  const pages = new Map(titles.map(([folder, title]) => [path.join(here, folder, 'index.html'), title]))
  return await buildSite('examples', here, pages, say)
}

/**
 * The page of the dashboard, as a site of its own.
 * @param {(line: string) => void} say as in `buildPages`
 * @returns {Promise<string>} the folder of the page
 */
export async function buildDashboard(say) {
  const folder = path.join(here, 'dashboard')
  return await buildSite(
    'dashboard',
    folder,
    new Map([[path.join(folder, 'index.html'), 'hawser live']]),
    say,
  )
}

/**
 * @param {string} name of the folder in build/
 * @param {string} folder that the site's addresses begin in; an index.html of its own is a page too
 * @param {Map<string, string>} pages titles of the pages made of page.html, by where they would lie
 * @param {(line: string) => void} say
 */
async function buildSite(name, folder, pages, say) {
  const site = path.join(buildDir, name)
  return await withBuildLock(async () => {
    const kinds = ['.html', '.css', '.ts', '.tsx', '.mjs', '.svg']
    const sources = ['examples/web', 'examples/demo/live'].flatMap((each) => filesUnder(each, kinds))
    // As it is built, since that is what a page gets.
    const packaged = filesUnder('dist', ['.js', '.mjs', '.css'])
    const hash = hashFiles([...sources, ...packaged, 'package-lock.json'])
    const stamp = path.join(buildDir, `${name}.stamp`)
    if (fs.existsSync(path.join(site, 'index.html')) && fileHolds(stamp, hash)) return site
    say(`building the pages: ${name}`)
    fs.rmSync(stamp, { force: true })
    const { build } = await import('vite').catch((error) => {
      throw new UsageError(`Pages cannot be built (${error.message.split('\n')[0]}). Next: npm install`)
    })
    const home = path.join(folder, 'index.html')
    const input = fs.existsSync(home) ? [home, ...pages.keys()] : [...pages.keys()]
    // Whatever else this process is run for, pages get React as it is meant for visitors.
    const environment = process.env.NODE_ENV
    process.env.NODE_ENV = 'production'
    try {
      await build({
        configFile: false,
        root: folder,
        base: '/',
        logLevel: 'warn',
        cacheDir: path.join(buildDir, 'vite'),
        plugins: [pagesOf(pages)],
        resolve: { dedupe: ['react', 'react-dom', 'rxjs', 'yjs'] },
        build: {
          outDir: site,
          emptyOutDir: true,
          target: 'es2022',
          modulePreload: { polyfill: false },
          reportCompressedSize: false,
          rolldownOptions: {
            input,
            onLog(level, log, handle) {
              // "use client" of hawser/react is for frameworks that render on servers, too.
              if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
            },
          },
        },
      })
    } finally {
      if (environment === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = environment
    }
    writeFile(stamp, hash)
    return site
  })
}

/**
 * Vite's plugin that makes pages of page.html.
 * @param {Map<string, string>} pages as in `buildSite`
 */
function pagesOf(pages) {
  return {
    name: 'pages',
    /** @param {string} id */
    resolveId: (id) => (pages.has(id) ? id : undefined),
    /** @param {string} id */
    load(id) {
      const title = pages.get(id)
      if (title === undefined) return undefined
      const template = fs.readFileSync(path.join(here, 'page.html'), 'utf8')
      return template.replaceAll('{title}', title).replaceAll('{folder}', path.basename(path.dirname(id)))
    },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(() => buildPages(), 'usage: node examples/web/build.mjs')
}
