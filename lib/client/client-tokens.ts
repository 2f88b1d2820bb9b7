// Tokens of a client: asked for when the engine needs one, told to it, and renewed at the server before they expire.
import { HawserError } from '../core/error'
import { type CheckedAuth, application } from './auth'
import type { ClientBody } from './client-body'
import { encode } from './envelope'
import { nextId, plain } from './outgoing'

export class ClientTokens {
  private token: string | undefined
  /** Tokens asked for that have not come: whoever asked applies them, not the watcher. */
  private asking = 0
  private unwatch: (() => void) | undefined

  constructor(
    private readonly body: ClientBody,
    private readonly auth: CheckedAuth,
  ) {}

  async give(reason: 'connect' | 'refused' | 'expired'): Promise<void> {
    const { source } = this.auth
    try {
      // Watched from the first token on, so that it is renewed before it expires.
      this.unwatch ??= source.watch((token) => {
        if (this.asking === 0 && token !== this.token) this.use(token)
      })
      this.asking++
      const token = await source.token(reason, this.token).finally(() => this.asking--)
      this.use(token)
    } catch (cause) {
      const error = new HawserError(
        'AUTHENTICATION_FAILED',
        'No token could be had: the `auth` function failed',
        {
          cause,
          recoverable: true,
        },
      )
      this.body.fail(error)
      this.body.engine.failToken(false, error.message)
    }
  }

  /** This one from now on; a server that knows such messages is told at once. */
  use(token: string): void {
    const { engine, status } = this.body
    this.token = token
    engine.setToken(...application(this.auth, token, () => this.message('auth', token)))
    if (status.state === 'connected' && status.info().protocol === 'hawser.v1') {
      engine.send({ ...plain, data: this.message('refresh_auth', token), priority: 0 })
    }
  }

  stop(): void {
    this.unwatch?.()
  }

  private message(type: string, token: string): string {
    const { body } = this
    const parts = { id: nextId(body), payload: { token }, room: undefined, correlationId: undefined }
    return encode(body.layout, type, parts, Date.now())
  }
}
