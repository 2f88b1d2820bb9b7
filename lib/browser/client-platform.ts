// What carries the clients of browsers: the portable engine. Takes the place of lib/client/client-platform.ts.
import type { ClientBody } from '../client/client-body'
import type { ClientEngine, EngineEvents } from '../client/engine'
import type { PortableOptions } from '../client/portable/portable-options'
import type { ClientInbox } from '../client/client-inbox'
import { engines } from './equip'

export { readOptions } from './options'

export function makeInbox(face: unknown, body: ClientBody): ClientInbox {
  return new engines.inbox(face, body)
}

export function makeEngine(options: PortableOptions, events: EngineEvents): ClientEngine {
  return new engines.wire(options, options.portable, events)
}
