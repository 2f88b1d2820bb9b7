// The files of dist/browser once more, with clients none of which has what sends when it is made: what is sent before it is
// there goes the same way.
import { WebSocket } from 'undici'
import { late } from './support/late-part'

Object.assign(globalThis, { WebSocket })

jest.mock('../../dist/browser/sending.mjs', () =>
  jest
    .requireActual<typeof import('./support/late-part')>('./support/late-part')
    .latePart(() => jest.requireActual('../../dist/browser/sending.mjs')),
)
jest.mock('../../lib', () =>
  jest
    .requireActual<typeof import('./support/late-part')>('./support/late-part')
    .lateBuild(
      jest.requireActual('../../lib'),
      jest.requireActual('../../dist/browser/index.mjs'),
      jest.requireActual('../../dist/browser/core.mjs'),
    ),
)
late.comes = () => new Promise((resolve) => setImmediate(resolve))
afterAll(() => expect(late.asked).toBeGreaterThan(10))

describe.each(['client-requests', 'client-batch', 'hub-client'])('%s', (name) => {
  jest.requireActual(`../integration/${name}.test`)
})
