// Tokens of a client, whose part is loaded by the first client with the option `auth`. Takes the place of
// lib/client/client-tokens.ts.
import type { CheckedAuth } from '../client/auth'
import type { ClientBody } from '../client/client-body'
import type { ClientTokens as LoadedTokens } from '../client/client-tokens'
import { HawserError } from '../core/error'

export class ClientTokens {
  private readonly loaded: Promise<LoadedTokens>
  /** Tokens that were given; after one that waits nobody is asked. */
  private given = 0
  private stopped = false

  constructor(
    private readonly body: ClientBody,
    auth: CheckedAuth,
  ) {
    this.loaded = import('./auth-part.js').then(({ makeTokens }) => makeTokens(body, auth))
    this.loaded.catch(() => undefined)
  }

  async give(reason: 'connect' | 'refused' | 'expired'): Promise<void> {
    const { given } = this
    try {
      const tokens = await this.loaded
      if (given === this.given && !this.stopped) await tokens.give(reason)
    } catch (error) {
      this.failed(error)
    }
  }
  use(token: string): void {
    this.given++
    this.loaded.then(
      (tokens) => tokens.use(token),
      (error: unknown) => this.failed(error),
    )
  }
  stop(): void {
    this.stopped = true
    this.loaded.then(
      (tokens) => tokens.stop(),
      () => undefined,
    )
  }

  private failed(cause: unknown): void {
    const error =
      cause instanceof Error && 'code' in cause
        ? (cause as HawserError)
        : new HawserError('AUTHENTICATION_FAILED', 'What `auth` needs could not be loaded', { cause })
    this.body.fail(error)
    this.body.engine.failToken(true, error.message)
  }
}
