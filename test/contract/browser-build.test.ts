// The files of dist/browser meet what the portable engine of lib/ meets: the same cases, with the client and the formats
// that pages get, over undici's WebSocket.
import { WebSocket } from 'undici'
import type * as build from './support/build'

// Here it is the platform's.
Object.assign(globalThis, { WebSocket })

jest.mock('../../lib', () => jest.requireActual<typeof build>('./support/build').packageOf('index.mjs'))

describe.each([
  'client-routing',
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
