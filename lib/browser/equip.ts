// Codecs and dialects bring along what a client needs for them, so that a program without any does not load it. Takes the
// place of lib/client/equip.ts.
import type { ClientBody } from '../client/client-body'
import { ClientInbox } from '../client/client-inbox'
import type { Equipment } from '../client/equip'
import { PortableEngine } from '../client/portable/portable-engine'
import type { WireEngine } from '../client/portable/wire-engine'

type Equip = (body: ClientBody, inbox: ClientInbox, given: Equipment) => void

/** The engine and the inbox of clients: those for codecs and dialects as soon as there is one. */
interface Engines {
  wire: typeof WireEngine
  inbox: typeof ClientInbox
}
export const engines: Engines = {
  // A client that nothing is equipped for asks nothing more of its engine.
  wire: PortableEngine as typeof WireEngine,
  inbox: ClientInbox,
}

/** Codecs and dialects, with what equips a client for them. */
export const equipped = new WeakMap<object, Equip>()

/** What is not in there was refused as an option. */
export function equip(body: ClientBody, inbox: ClientInbox, given: Equipment): void {
  equipped.get(given.codec ?? given.dialect ?? body)?.(body, inbox, given)
}
