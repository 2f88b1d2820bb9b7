// A real hub for components, whose half of the hooks is the one of docs/react.md.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { Hub, HubError, type HubOptions, WebSocketServer } from 'hawser'
import { cleanup, configure } from '@testing-library/react'
import { clientsInUse } from '../../../lib/react/connection'
import { event, until } from '../../support/waiters'

// A busy machine takes its time.
configure({ asyncUtilTimeout: 8000 })

interface Served {
  notify(userId: string, notification: object): void
}

/** The block of the documentation, as a function. */
function documented(): (hub: Hub) => Served {
  const text = readFileSync(join(__dirname, '../../../docs/react.md'), 'utf8')
  const block = text.split('```js').find((part) => part.includes('export function serveHooks')) ?? ''
  const code = block
    .slice(block.indexOf('/** What a hub'), block.indexOf('```'))
    .replace('export ', 'return ')
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- text of this repository
  const make = new Function('HubError', 'randomUUID', code) as (...args: unknown[]) => (hub: Hub) => Served
  return make(HubError, randomUUID)
}

export interface Site extends Served {
  hub: Hub
  server: WebSocketServer
  url: string
  /** Connections that there have been. */
  readonly connections: number
}

/** Hubs of a test file; components are gone, and their connections closed, when the next test begins. */
export function useSite(): { open(options?: HubOptions): Promise<Site> } {
  let hubs: Hub[] = []
  // Frames of the page come when they come, not inside of `act`.
  beforeEach(() => {
    ;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false
  })
  afterEach(async () => {
    cleanup()
    await until(() => clientsInUse().length === 0)
    jest.restoreAllMocks()
    await Promise.all(hubs.map((hub) => hub.close()))
    hubs = []
  })
  return {
    async open(options = {}) {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      const verify = (_request: unknown, token: string | undefined) =>
        token !== undefined && { userId: token }
      const hub = new Hub(server, { auth: { verify, required: false }, ...options })
      hubs.push(hub)
      let connections = 0
      server.on('connection', () => connections++)
      const { notify } = documented()(hub)
      await event(server, 'listening')
      const { port } = server.address() as { port: number }
      return {
        hub,
        server,
        notify,
        url: `ws://127.0.0.1:${port}`,
        get connections() {
          return connections
        },
      }
    },
  }
}
