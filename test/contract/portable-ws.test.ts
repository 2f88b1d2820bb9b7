// The portable engine over the WebSocket of the `ws` package meets what the native one meets: the same cases, against the
// same servers.
import { WebSocket } from 'ws'
import { carrier, useManaged } from '../integration/support/managed'
import { reconnectCases } from '../integration/support/reconnect-cases'

carrier.WebSocket = WebSocket

describe('reconnect', () => reconnectCases(useManaged()))
describe.each(['queue', 'routing', 'close'])('%s', (name) => {
  jest.requireActual(`../integration/client-${name}.test`)
})
