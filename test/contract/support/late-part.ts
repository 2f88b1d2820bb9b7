// The part of dist/browser that sends, which comes when a test says so: what takes the place of its file.
import type * as Lib from '../../../lib'

export const late = {
  /** How often it was asked for. */
  asked: 0,
  comes: (): Promise<void> => Promise.resolve(),
}

/** A module that is there once `late` says so. `actual` loads the file. */
export function latePart(actual: () => unknown): object {
  return {
    __esModule: true,
    then: (resolve: (part: unknown) => void, reject: (error: unknown) => void) => {
      late.asked++
      late.comes().then(() => resolve(actual()), reject)
    },
  }
}

/** The package, with the client of browsers; each one that is made has nothing loaded yet. */
export function lateBuild(lib: object, build: object, core: object): object {
  const { WebSocketClient: Client, ...names } = build as typeof Lib
  const { parts } = core as { parts: Record<string, unknown> }
  class WebSocketClient extends Client {
    constructor(options: ConstructorParameters<typeof Client>[0]) {
      delete parts.sending
      super(options)
    }
  }
  const { HawserError, MessageRouter } = names
  return { ...lib, HawserError, MessageRouter, WebSocketClient }
}
