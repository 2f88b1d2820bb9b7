// Tokens: what a page loads whose client has the option `auth`.
import { type CheckedAuth, readAuth } from '../client/auth'
import type { ClientBody } from '../client/client-body'
import { ClientTokens } from '../client/client-tokens'

export { TokenMachine } from '../client/portable/token-machine'

/** Throws INVALID_OPTION. */
export function makeTokens(body: ClientBody, { source }: CheckedAuth): ClientTokens {
  return new ClientTokens(body, readAuth(source, 'message') as CheckedAuth)
}
