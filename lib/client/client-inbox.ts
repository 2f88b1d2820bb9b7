// What comes up from the engine of a client, and where it goes: to the router, to promises, to listeners, to the roles.
import { HawserError } from '../core/error'
import type { ClientBody } from './client-body'
import { replyError } from './endings'
import type { EngineEvents, Routes, Settlement, StateChange } from './engine'
import type { RoutedClient } from './message-router'
import { readText } from './message-texts'

export class ClientInbox implements EngineEvents, RoutedClient {
  /** Where routes are told: the engine, or it and what reads messages beside it. */
  engine!: RoutedClient['engine']

  constructor(
    /** What handlers get as their client. */
    readonly face: unknown,
    private readonly body: ClientBody,
  ) {}

  // ------------------------------------------------------------------------------------------------ for the router

  failed(error: HawserError): void {
    this.body.fail(error)
  }
  replyTo(message: unknown): ((payload: unknown) => void) | undefined {
    return this.body.wire?.replyTo(message)
  }

  // ------------------------------------------------------------------------------------------------------ messages

  message(routes: Routes, message: string | object): void {
    this.body.router?.message(this, routes, message)
  }
  batch(route: number, messages: string | readonly unknown[], lengths?: Uint32Array): void {
    this.body.router?.batch(this, route, messages, lengths)
  }
  columns(route: number, rows: number, values: Float64Array, missing: number): void {
    this.body.router?.columns(this, route, rows, values, missing)
  }
  untyped(text: string): void {
    const { wire, listeners } = this.body
    if (wire === undefined) listeners.emit('message', text)
    else wire.text(text)
  }
  binary(data: Uint8Array): void {
    const { wire, listeners } = this.body
    if (wire === undefined) listeners.emit('binary', data as Buffer)
    else wire.binary(data)
  }

  answer(token: number, payload: string): void {
    this.body.outbox.answer(token, payload)
  }
  reply(token: number, message: string | object): void {
    this.body.outbox.reply(token, message)
  }

  /** Control messages of the server that no request waits for. */
  control(given: string | object): void {
    const { body } = this
    const failed = (error: HawserError): void => body.fail(error)
    const read = typeof given === 'string' ? readText(given, 'A control message', failed) : given
    if (read === undefined) return
    const message = read as Record<string, unknown>
    switch (message.type) {
      case 'token_expired':
        void body.tokens?.give('expired')
        break
      case 'positions':
        body.rooms?.read(message.payload)
        break
      case 'resume_failed':
        for (const failure of body.rooms?.failed(message.payload) ?? [])
          body.listeners.emit('resume_failed', failure)
        break
      case 'error':
      case 'auth_error':
        if (body.outbox.answers(message)) break
        body.fail(replyError('A message', message.error ?? message.payload))
        break
    }
  }

  // -------------------------------------------------------------------------------------------------- what was sent

  settled(token: number, how: Settlement): void {
    this.body.outbox.settled(token, how)
  }
  dropped(count: number, why: Settlement): void {
    this.body.outbox.dropped(count, why)
  }
  drain(): void {
    this.body.outbox.onDrain()
  }

  // ------------------------------------------------------------------------------------------------ the connection

  state(change: StateChange): void {
    const { body } = this
    const { status, wire } = body
    const before = status.state
    const error = status.changed(change)
    wire?.changed(before, change.state)
    body.listeners.emit('state', change.state, status.info())
    if (error !== undefined) body.fail(error)
    if (change.state === 'connected') {
      body.rooms?.connected(change.link)
      body.met = true
    }
    status.tell(error)
  }

  tokenWanted(reason: 'connect' | 'refused' | 'expired'): void {
    void this.body.tokens?.give(reason)
  }
  routeRefused(detail: string): void {
    this.body.fail(new HawserError('INVALID_OPTION', `A subscription cannot be evaluated: ${detail}`))
  }
  storeFailed(detail: string): void {
    this.body.fail(new HawserError('STORE_FAILED', `The durable queue cannot be used: ${detail}`))
  }
  loadFailed(detail: string): void {
    this.body.fail(
      new HawserError(
        'CONNECTION_FAILED',
        `A part of the client could not be loaded, it tries again: ${detail}`,
      ),
    )
  }
  opened(link: number): void {
    this.body.wire?.opened(link)
  }

  closed(): void {
    const { body } = this
    const { ended, feed, listeners, outbox, router, status, tokens, wire } = body
    feed?.end()
    wire?.ended()
    router?.detach(this)
    tokens?.stop()
    outbox.end()
    const before = status.state
    status.end()
    if (status.state !== before) listeners.emit('state', status.state, status.info())
    for (const resolve of ended ?? []) resolve()
  }
}
