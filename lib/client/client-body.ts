// What a managed client is made of. Its roles share it: outbox, inbox and tokens.
import { HawserError } from '../core/error'
import { ClientListeners } from './client-listeners'
import type { CheckedManagedOptions } from './client-options'
import { ClientStatus } from './client-status'
import type { ClientEngine, EngineSend } from './engine'
import { idSource } from './envelope'
import { Pending } from './pending'
import type { PortableFeed } from './portable-feed'
import type { Wire } from './wire'

export class ClientBody {
  readonly status: ClientStatus
  readonly pending = new Pending()
  readonly listeners = new ClientListeners()
  /** Set before any role is used. */
  engine!: ClientEngine
  /** These two only of clients with a codec or a dialect. */
  wire: Wire | undefined
  feed: PortableFeed | undefined
  nextId: () => string = idSource()
  /** Who waits for the end of the client; undefined as long as nobody has asked for it. */
  ended: (() => void)[] | undefined

  constructor(readonly options: CheckedManagedOptions) {
    this.status = new ClientStatus(options.targets.map((target) => target.href))
  }

  fail(error: HawserError): void {
    this.status.remember(error)
    this.listeners.emit('error', error)
  }

  /** Why the engine takes nothing. */
  refusal(): HawserError {
    if (this.ended !== undefined) return new HawserError('INVALID_STATE', 'The client was closed for good')
    return new HawserError('BACKPRESSURE_EXCEEDED')
  }
}

/** A message that goes out without options. */
export const plain: EngineSend = {
  data: '',
  binary: false,
  compress: true,
  priority: 1,
  ttl: 0,
  id: '',
  acked: false,
  durable: false,
  requestTimeout: 0,
  joinable: false,
  shape: undefined,
  token: 0,
}
