// The same over the WebSocket of undici, which is Node's own and the one of browsers in its manners.
import { WebSocket } from 'undici'
import { carrier } from '../integration/support/managed'

carrier.WebSocket = WebSocket

describe.each([
  'client-requests',
  'client-batch',
  'client-shaping',
  'client-codec',
  'client-dialect-feeds',
  'client-dialect-json-rpc',
  'client-dialect-socket-io',
  'hub-client',
  'hub-reconnect',
])('%s', (name) => {
  jest.requireActual(`../integration/${name}.test`)
})
