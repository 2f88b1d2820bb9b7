// What a client needs beside its engine when it has a codec or a dialect.
import type { ClientBody } from './client-body'
import type { ClientInbox } from './client-inbox'
import type { Codec } from './codec'
import type { Dialect } from './dialect'
import { PortableFeed } from './portable-feed'
import { Wire } from './wire'

/** One of the two. */
export interface Equipment {
  codec: Codec | undefined
  dialect: Dialect | undefined
}

/** Messages that the engine cannot read go to the router by another way. */
export function equip(body: ClientBody, inbox: ClientInbox, how: Equipment): void {
  body.feed = new PortableFeed(body)
  body.wire = new Wire(inbox.wireHost(), body.engine, body.feed, how)
  inbox.engine = body.feed.beside(body.engine)
}
