// What a client needs beside its engine when it has a codec or a dialect.
import { HawserError } from '../core/error'
import type { ClientBody } from './client-body'
import type { ClientInbox } from './client-inbox'
import type { Codec } from './codec'
import type { Dialect } from './dialect'
import { PortableFeed } from './portable-feed'
import { Wire, type WireHost } from './wire'

/** One of the two. */
export interface Equipment {
  codec: Codec | undefined
  dialect: Dialect | undefined
}

/** Messages that the engine cannot read go to the router by another way. */
export function equip(body: ClientBody, inbox: ClientInbox, { codec, dialect }: Equipment): void {
  if (codec === undefined && dialect === undefined) {
    if (body.layout.standard) body.forms = body.engine.forms
    return
  }
  body.feed = new PortableFeed(body)
  body.wire = new Wire(hostOf(body, inbox), body.engine, body.feed, { codec, dialect })
  inbox.engine = body.feed.beside(body.engine)
}

function hostOf(body: ClientBody, inbox: ClientInbox): WireHost {
  const { acks, layout, listeners, outbox, status } = body
  const { pending } = outbox
  const own = (): boolean => status.info().protocol === 'hawser.v1'
  return {
    layout,
    fail: (error) => body.fail(error),
    replied: (token, reply) => outbox.settle(token, reply),
    acks: () => acks === 1 || (acks === 0 && own()),
    own,
    control: (message) => inbox.control(message),
    waits: (token) => pending.has(token),
    connected: () => status.state === 'connected',
    drained: () => outbox.onDrain(),
    untyped: (text) => listeners.emit('message', text),
    binary: (data) => listeners.emit('binary', data as Buffer),
    ended: () => body.ended !== undefined,
    refused: (token, error) => {
      if (token === 0) body.fail(asHawserError(error))
      else pending.reject(token, error)
    },
  }
}

function asHawserError(error: Error): HawserError {
  if (error instanceof HawserError) return error
  return new HawserError('INVALID_ARGUMENT', error.message, { cause: error })
}
