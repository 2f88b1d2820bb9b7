// The files for the condition `production` are of the same sources: of the cases of browser-build.test.ts those that are
// quick and wide. What they have of errors is the code, and other words.
import { WebSocket } from 'undici'
import type * as build from './support/build'

// Here it is the platform's.
Object.assign(globalThis, { WebSocket })

jest.mock('../../lib', () =>
  jest.requireActual<typeof build>('./support/build').packageOf('production/index.mjs'),
)

describe.each(['client-routing', 'client-requests', 'hub-reconnect'])('%s', (name) => {
  jest.requireActual(`../integration/${name}.test`)
})
