// Pages of a test: the files of dist/browser as they are published, served by node:http, and a page that loads them.
import { type Server, createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import type * as hawser from '../../../lib'

const folder = join(__dirname, '../../../dist/browser')
const page = (file: string): string => `<!doctype html><title>hawser</title><link rel="icon" href="data:,">
<script type="module">
import * as hawser from '${file}'
globalThis.hawser = hawser
</script>`

/** What the program of a page finds in its `globalThis`. */
export interface InPage {
  hawser: typeof hawser
  /** For what one call leaves to the next. */
  client: hawser.WebSocketClient
  seen: unknown[]
  errors: string[]
}

export class Pages {
  /** Names of the files that pages asked for. */
  readonly asked: string[] = []
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Pages> {
    // What a bundler would load for a program with a client alone is in `core.mjs`.
    const served = new Map<string, string | Uint8Array>([
      ['/', page('/hawser/index.mjs')],
      ['/client', page('/hawser/core.mjs')],
    ])
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      const name = basename(pathname)
      let body = served.get(pathname)
      if (pathname.startsWith('/hawser/')) {
        pages.asked.push(name)
        body = readFileSync(join(folder, name))
      }
      if (body === undefined) {
        response.writeHead(404).end()
        return
      }
      const type = /\.m?js$/.test(pathname) ? 'text/javascript' : 'text/html'
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const pages = new Pages(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return pages
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
