// One process for all examples: the built pages, and one hub with the rooms and handlers of each.
import { once } from 'node:events'
import http from 'node:http'
import { mayChat, serveChat } from './chat.mjs'
import { serveEditor } from './editor.mjs'
import { serveEvents } from './events.mjs'
import { serveNotifications } from './notifications.mjs'
import { serveQueue } from './queue.mjs'
import { siteHandler } from './site.mjs'
import { nameOfToken } from './users.mjs'

/** Rooms beside those of the chat. */
const rooms = ['people', 'queue', 'presence', 'events', 'editor']
/** Rooms whose state is asked for at each connection, so that what was said in them need not be kept. */
const momentary = ['people', 'queue', 'presence', 'editor']

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
  const web = http.createServer(siteHandler(site, { '/metrics': () => hub.prometheus() }))
  const server = new WebSocketServer({ server: web, path: '/hub', maxPayload: 1 << 20 })
  /** @type {import('hawser').Hub<any>} each example sees it through its own map of messages */
  const hub = new Hub(server, {
    auth: { verify: (_, token) => nameOfToken(token), required: true, at: 'message' },
    authorize: ({ userId = '' }, action, target) =>
      action !== 'join' || target === undefined || (mayChat(userId, target) ?? rooms.includes(target)),
    history: { count: 1000, bytes: 8 << 20, age: 24 * 3_600_000, rooms: (room) => !momentary.includes(room) },
    presence: { timeout: 3000 },
    rateLimit: { connection: { messages: 600, per: 10_000 } },
  })
  web.listen(port, host)
  try {
    // The event of the server above, which passes on what goes wrong below it.
    await once(server, 'listening')
  } catch (error) {
    void hub.close()
    throw error
  }
  // Only now: what rooms keep is kept by the threads of a server that has started.
  serveQueue(hub, hawser)
  const ends = [serveChat, serveNotifications, serveEvents, serveEditor].map((serve) =>
    serve(hub, hawser, data),
  )
  const address = /** @type {import('node:net').AddressInfo} */ (web.address())
  return {
    url: `http://${host}:${address.port}/`,
    hub,
    async close() {
      await hub.close({ code: 1012, timeout: 1000 })
      for (const end of ends) end()
      web.closeAllConnections()
      await new Promise((resolve) => web.close(resolve))
    },
  }
}
