// What comes up from the engine of a client, and where it goes: to the router, to promises, to listeners, to the roles.
import { HawserError } from '../core/error'
import type { ClientBody } from './client-body'
import { takeControl } from './control'
import type { EngineEvents, Routes, Settlement, StateChange } from './engine'
import type { ColumnBatch, RoutedClient } from './message-router'
import { readMessage } from './message-texts'

export class ClientInbox implements EngineEvents, RoutedClient {
  /** Where routes are told: the engine, or it and what reads messages beside it. */
  engine!: RoutedClient['engine']
  /** Only where messages can be answered. */
  replyTo?(message: unknown): ((payload: unknown) => void) | undefined
  opened?(link: number): void

  constructor(
    /** What handlers get as their client. */
    readonly face: unknown,
    protected readonly body: ClientBody,
  ) {}

  // ------------------------------------------------------------------------------------------------ for the router

  failed(error: HawserError): void {
    this.body.fail(error)
  }

  // ------------------------------------------------------------------------------------------------------ messages

  message(routes: Routes, message: string | object): void {
    this.body.router?.message(this, routes, message)
  }
  batch(route: number, messages: string | readonly unknown[] | ColumnBatch, lengths?: Uint32Array): void {
    this.body.router?.batch(this, route, messages, lengths)
  }
  untyped(text: string): void {
    this.body.listeners.emit('message', text)
  }
  binary(data: Uint8Array): void {
    this.body.listeners.emit('binary', data as Buffer)
  }

  answer(token: number, payload: unknown): void {
    this.body.outbox.answer(token, payload)
  }
  reply(token: number, message: string | object): void {
    this.body.outbox.reply(token, message)
  }

  /** Control messages of the server that no request waits for. */
  control(given: string | object): void {
    const message = readMessage(given, 'A control message', this)
    if (message !== undefined) takeControl(this.body, message as Record<string, unknown>)
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

  closed(): void {
    const { body } = this
    const { listeners, outbox, router, status, tokens } = body
    router?.detach(this)
    tokens?.stop()
    outbox.end()
    const before = status.state
    status.end()
    if (status.state !== before) listeners.emit('state', status.state, status.info())
    body.ended ??= []
    for (const resolve of body.ended) resolve()
  }
}
