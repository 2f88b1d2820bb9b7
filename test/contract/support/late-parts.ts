// Takes the client of dist/browser for that of the package, with parts that come when a test says so. To be imported ahead
// of what uses the package.
import type * as Lib from '../../../lib'
import { type Deferred, deferred } from '../../support/waiters'

export class LatePart {
  /** How often it was asked for. */
  asked = 0
  comes = (): Promise<void> => Promise.resolve()

  /** For a new test: comes when that says so. */
  held(): Deferred<void> {
    const gate = deferred()
    this.asked = 0
    this.comes = () => gate.promise
    return gate
  }

  /** Stands for the module: whoever loads it gets it when it comes, other parts that use it get it at once. */
  stand(actual: object): object {
    const then = (resolve: (part: unknown) => void, reject: (error: unknown) => void): void => {
      this.asked++
      this.comes().then(() => resolve(actual), reject)
    }
    return { __esModule: true, ...actual, then }
  }
}

export const late = { keeping: new LatePart(), routes: new LatePart(), sending: new LatePart() }

jest.mock('../../../dist/browser/keeping.mjs', () =>
  late.keeping.stand(jest.requireActual('../../../dist/browser/keeping.mjs')),
)
jest.mock('../../../dist/browser/routes.mjs', () =>
  late.routes.stand(jest.requireActual('../../../dist/browser/routes.mjs')),
)
jest.mock('../../../dist/browser/sending.mjs', () =>
  late.sending.stand(jest.requireActual('../../../dist/browser/sending.mjs')),
)
jest.mock('../../../lib', () => {
  const lib = jest.requireActual<typeof Lib>('../../../lib')
  const build = jest.requireActual<typeof Lib>('../../../dist/browser/index.mjs')
  const { parts } = jest.requireActual<{ parts: Record<string, unknown> }>('../../../dist/browser/core.mjs')
  /** Each one that is made has nothing loaded yet. */
  class WebSocketClient extends build.WebSocketClient {
    constructor(options: ConstructorParameters<typeof build.WebSocketClient>[0]) {
      for (const name of Object.keys(late)) parts[name] = undefined
      super(options)
    }
  }
  const { HawserError, MessageRouter } = build
  return { ...lib, HawserError, MessageRouter, WebSocketClient }
})
