// What carries the clients of browsers: the portable engine. Takes the place of lib/client/client-platform.ts.
import type { ClientEngine, EngineEvents } from '../client/engine'
import { PortableEngine } from '../client/portable/portable-engine'
import type { PortableOptions } from '../client/portable/portable-options'

export { readOptions } from './options'

export function makeEngine(options: PortableOptions, events: EngineEvents): ClientEngine {
  return new PortableEngine(options, options.portable, events)
}
