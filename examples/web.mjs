// The example apps in the browser: node examples/web.mjs [--port 8090] [--host 127.0.0.1] [--open] [--data folder]
// Sets up and builds what is missing, serves all of them, and says where. Ctrl-C ends it.
import fs from 'node:fs'
import path from 'node:path'
import { build } from '../scripts/build.mjs'
import { buildDir, parseArguments, UsageError } from '../scripts/lib/project.mjs'
import { runMain, StepFailed } from '../scripts/lib/run.mjs'
import { setup } from '../scripts/setup.mjs'
import { openBrowser } from './open-browser.mjs'
import { buildPages, siteFolder } from './web/build.mjs'

const usage = `usage: node examples/web.mjs [--port 8090] [--host 127.0.0.1] [--open] [--data <folder>]

  --port   0 takes any that is free
  --host   the address to listen on; 0.0.0.0 for other machines and phones
  --open   opens the pages in the browser of this desktop
  --data   what outlives the process, default build/examples-data; "none" keeps nothing
  --built  takes everything as it is, without looking whether it is up to date`

await runMain(async (argv) => {
  const options = parseArguments(argv, {
    port: 'value',
    host: 'value',
    open: 'flag',
    data: 'value',
    built: 'flag',
  })
  const port = Number(options.port ?? 8090)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError('--port is a number to 65535')
  if (!options.built) {
    await setup('build')
    await build()
  }
  if (options.built && !fs.existsSync(path.join(siteFolder, 'index.html')))
    throw new StepFailed('The pages are not built yet. Next: node examples/web.mjs, without --built')
  const site = options.built ? siteFolder : await buildPages()
  const data = options.data === 'none' ? undefined : (options.data ?? path.join(buildDir, 'examples-data'))
  const { startExamples } = await import('./web/server/main.mjs')
  let server
  try {
    server = await startExamples({ site, port, host: options.host, data })
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error
    throw new StepFailed(`Port ${port} is taken. Next: node examples/web.mjs --port 0`)
  }
  console.log(`hawser examples: ${server.url}`)
  if (options.open) openBrowser(server.url)
  const end = () => void server.close()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
}, usage)
