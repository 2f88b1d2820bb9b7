// The portable engine over HTTP instead of a WebSocket, against hubs of ours.
import { httpLink } from '../../lib/client/portable/http-link'
import type { PlatformSocketConstructor } from '../../lib/client/portable/platform'
import { hubDefaults } from '../integration/support/hubs'
import { carrier } from '../integration/support/managed'

const polls = { needed: false }
carrier.WebSocket = function (url: string, protocols: string[]) {
  return httpLink(url, protocols, { patience: 5_000, polls })
} as unknown as PlatformSocketConstructor
hubDefaults.fallback = true

describe.each([false, true])('polled: %j', (needed) => {
  beforeAll(() => {
    polls.needed = needed
  })
  jest.isolateModules(() => jest.requireActual('../integration/hub-client.test'))
})
