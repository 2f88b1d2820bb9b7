// What test files find in a page.
import './globals'
import { expect } from 'expect'
import { Cases } from './cases'
import { connected } from './far'

const cases = new Cases()
Object.assign(globalThis, { ...cases.globals, expect })

/** What the tests call in a page. */
export const contract = {
  /** Loads a test file, and says how its cases are called. */
  async load(run: () => unknown): Promise<string[]> {
    await connected()
    await run()
    return cases.names
  },
  run: (place: number) => cases.run(place),
}
