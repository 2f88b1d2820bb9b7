// Codecs and dialects bring along what a client needs for them, so that a program without any does not load it. Takes the
// place of lib/client/equip.ts.
import type { ClientBody } from '../client/client-body'
import type { ClientInbox } from '../client/client-inbox'
import { type Equipment, equip as fully } from '../client/equip'
import { HawserTypeError } from '../core/error'

const equipped = new WeakMap<object, typeof fully>()

/** The codec or dialect, with what a client needs for it. */
export function withWire<T extends object>(thing: T): T {
  equipped.set(thing, fully)
  return thing
}

export function equip(body: ClientBody, inbox: ClientInbox, given: Equipment): void {
  const how = equipped.get(given.codec ?? given.dialect ?? body)
  if (how !== undefined) how(body, inbox, given)
  else {
    throw new HawserTypeError(
      'INVALID_OPTION',
      'In a browser a `codec` or `dialect` of your own goes through `defineCodec()` or `defineDialect()`',
    )
  }
}
