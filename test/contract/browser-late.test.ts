// The files of dist/browser once more, with clients none of which has what keeps a connection, or what sends, when it is
// made: what comes and what is sent before it is there goes the same way.
import { late } from './support/late-parts'
import { WebSocket } from 'undici'

Object.assign(globalThis, { WebSocket })

for (const part of Object.values(late)) part.comes = () => new Promise((resolve) => setImmediate(resolve))
afterAll(() => {
  for (const part of Object.values(late)) expect(part.asked).toBeGreaterThan(10)
})

describe.each(['client-requests', 'client-routing', 'client-batch', 'hub-client'])('%s', (name) => {
  jest.requireActual(`../integration/${name}.test`)
})
