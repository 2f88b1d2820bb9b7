// One process for all examples: the built pages, and one hub with the rooms and handlers of each.
import { once } from 'node:events'
import http from 'node:http'
import { serveQueue } from './queue.mjs'
import { siteHandler } from './site.mjs'
import { nameOfToken } from './users.mjs'

/**
 * @typedef {object} ExampleServer
 * @property {string} url
 * @property {import('hawser').Hub} hub
 * @property {() => Promise<void>} close
 */

/**
 * @param {{ site: string, port?: number, host?: string, data?: string }} options `site`: the folder of the built pages;
 *   `port`: 0 for any that is free; `data`: the folder of what outlives the process, undefined for nothing
 * @returns {Promise<ExampleServer>}
 */
export async function startExamples({ site, port = 0, host = '127.0.0.1', data }) {
  const hawser = await import('hawser')
  const { Hub, WebSocketServer } = hawser
  const web = http.createServer(siteHandler(site))
  const server = new WebSocketServer({ server: web, path: '/hub', maxPayload: 1 << 20 })
  /** @type {import('hawser').Hub<any>} each example sees it through its own map of messages */
  const hub = new Hub(server, {
    auth: { verify: (_, token) => nameOfToken(token), required: true, at: 'message' },
    history: { count: 200 },
    presence: { timeout: 3000 },
    rateLimit: { connection: { messages: 400, per: 10_000 } },
  })
  serveQueue(hub, hawser)

  web.listen(port, host)
  await once(web, 'listening')
  const address = /** @type {import('node:net').AddressInfo} */ (web.address())
  return {
    url: `http://${host}:${address.port}/`,
    hub,
    async close() {
      await hub.close({ code: 1012, timeout: 1000 })
      web.closeAllConnections()
      await new Promise((resolve) => web.close(resolve))
    },
  }
}
