// Tokens of a client, whose part is loaded by the first client with the option `auth`. Takes the place of
// lib/client/client-tokens.ts.
import type { CheckedAuth } from '../client/auth'
import type { ClientBody } from '../client/client-body'
import type { ClientTokens as LoadedTokens } from '../client/client-tokens'
import type { HawserError } from '../core/error'
import { part } from './parts'

type Part = typeof import('./auth-part.js')

export class ClientTokens {
  private loaded: LoadedTokens | undefined

  constructor(
    private readonly body: ClientBody,
    private readonly auth: CheckedAuth,
  ) {}

  /** In its turn among the calls. */
  private later(step: (tokens: LoadedTokens) => unknown): void {
    const { body } = this
    body.engine.ahead?.('tokens', () => {
      if (body.ended !== undefined) return
      try {
        step((this.loaded ??= (part('tokens') as Part).makeTokens(body, this.auth)))
      } catch (error) {
        body.fail(error as HawserError)
        body.engine.failToken(true, '')
      }
    })
  }

  give(reason: 'connect' | 'refused' | 'expired'): void {
    this.later((tokens) => tokens.give(reason))
  }
  use(token: string): void {
    this.later((tokens) => tokens.use(token))
  }
  stop(): void {
    this.loaded?.stop()
  }
}
