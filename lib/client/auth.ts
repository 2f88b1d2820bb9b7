// Tokens: where they come from, how they are applied, and when a new one is due. One source may serve several clients,
// which then share each refresh.
import { HawserError, HawserTypeError } from '../core/error'
import { isToken } from '../core/http-syntax'
import { OptionReader, badOption, shown } from '../core/validate'

/** A token, alone or with the time (milliseconds since the epoch, or a Date) at which it expires. */
export type Token = string | { token: string; expiresAt?: number | Date }
/** Called when a token is needed; `reason` says why the one before will not do. */
export type TokenFunction = (reason: TokenReason) => Token | Promise<Token>
export type TokenReason = 'connect' | 'refused' | 'expired' | 'refresh'

export interface AuthOptions {
  /** Where tokens come from: a function, a fixed token, or a source that several clients share. */
  token: TokenFunction | string | TokenSource
  /** How the token travels. Default 'header'. */
  as?: 'header' | 'query' | 'message'
  /** The header or the query parameter. Default 'Authorization' (with the scheme Bearer), or 'token'. */
  name?: string
  /** Milliseconds before its expiry at which a token is renewed. Default 60000. */
  refreshBefore?: number
}

export interface CheckedAuth {
  source: TokenSource
  as: 'header' | 'query' | 'message'
  name: string
}

interface Held {
  token: string
  /** Milliseconds since the epoch; Infinity: it does not expire, as far as is known. */
  expiresAt: number
}

const longestTimer = 0x7fffffff

/**
 * Hands out one token to all that ask, and gets a new one only once, whoever asks for it.
 *
 * @example
 * const tokens = new TokenSource(async () => (await fetch('/token')).json())
 * new WebSocketClient({ url, auth: { token: tokens } })
 */
export class TokenSource {
  private held: Held | undefined
  private pending: Promise<Held> | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly watchers = new Set<(token: string) => void>()

  /** @throws TypeError `INVALID_OPTION` */
  constructor(
    private readonly get: TokenFunction | string,
    private readonly refreshBefore = 60_000,
  ) {
    if (typeof get !== 'function' && (typeof get !== 'string' || get === '')) {
      badOption('auth.token', 'a function that returns a token, or a token', get)
    }
  }

  /** The token now: the one held, or after `reason` other than 'connect' a new one. */
  async token(reason: TokenReason, refused?: string): Promise<string> {
    const { held } = this
    if (held !== undefined && this.fits(held, reason, refused)) return held.token
    this.pending ??= this.renew(reason).finally(() => {
      this.pending = undefined
    })
    return (await this.pending).token
  }

  // Somebody else may have renewed it since the token that was refused.
  private fits(held: Held, reason: TokenReason, refused: string | undefined): boolean {
    if (held.expiresAt <= Date.now()) return false
    return reason === 'connect' || (refused !== undefined && held.token !== refused)
  }

  private async renew(reason: TokenReason): Promise<Held> {
    const given = typeof this.get === 'string' ? this.get : await this.get(reason)
    this.held = readToken(given)
    this.plan()
    const { token } = this.held
    for (const watcher of this.watchers) watcher(token)
    return this.held
  }

  /** Told of every new token until the returned function is called. While somebody watches, tokens are renewed in time. */
  watch(told: (token: string) => void): () => void {
    this.watchers.add(told)
    this.plan()
    return () => {
      this.watchers.delete(told)
      this.plan()
    }
  }

  private plan(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const at = this.held?.expiresAt ?? Infinity
    if (at === Infinity || this.watchers.size === 0 || typeof this.get === 'string') return
    // A token that lives shorter than the margin is renewed in the middle of its life, not in a loop.
    const left = at - Date.now()
    const wait = left > this.refreshBefore ? left - this.refreshBefore : Math.max(1_000, left / 2)
    this.timer = setTimeout(
      () => {
        if (wait > longestTimer) this.plan()
        else this.token('refresh').catch(() => this.retryLater())
      },
      Math.min(wait, longestTimer),
    )
    unref(this.timer)
  }

  /** It could not be renewed ahead of time: once more soon; the next connection reports what is wrong. */
  private retryLater(): void {
    if (this.watchers.size === 0) return
    this.timer = setTimeout(() => this.plan(), 5_000)
    unref(this.timer)
  }
}

function unref(timer: unknown): void {
  ;(timer as { unref?: () => void }).unref?.()
}

function readToken(given: unknown): Held {
  const bad = (why: string): never => {
    throw new HawserError('AUTHENTICATION_FAILED', `The token source returned ${why}`)
  }
  if (typeof given === 'string') {
    return given === '' ? bad('an empty token') : { token: given, expiresAt: expiryOf(given) }
  }
  if (given === null || typeof given !== 'object') return bad(`${shown(given)} instead of a token`)
  const { token, expiresAt } = given as { token?: unknown; expiresAt?: unknown }
  if (typeof token !== 'string' || token === '') return bad(`an object whose \`token\` is ${shown(token)}`)
  if (expiresAt === undefined) return { token, expiresAt: expiryOf(token) }
  const at = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt
  if (typeof at !== 'number' || Number.isNaN(at)) return bad(`\`expiresAt\` as ${shown(expiresAt)}`)
  return { token, expiresAt: at }
}

/** The `exp` claim of a JSON Web Token (RFC 7519, section 4.1.4), which is only read, not verified. */
function expiryOf(token: string): number {
  const parts = token.split('.')
  if (parts.length !== 3) return Infinity
  try {
    const text = atob(parts[1].replace(/-/g, '+').replace(/_/g, '/'))
    const { exp } = JSON.parse(text) as { exp?: unknown }
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : Infinity
  } catch {
    // No token of that kind: nothing is known of its expiry.
    return Infinity
  }
}

/** In a browser the class of the program is another than the one here. */
function isSource(value: unknown): value is TokenSource {
  return typeof (value as Partial<TokenSource> | null | undefined)?.watch === 'function'
}

/** Throws INVALID_OPTION. */
export function readAuth(value: unknown, usual: CheckedAuth['as'] = 'header'): CheckedAuth | undefined {
  if (value === undefined) return undefined
  const given = typeof value === 'function' || isSource(value) ? { token: value } : value
  if (given === null || typeof given !== 'object') {
    return badOption('auth', 'a function that returns a token, or an object with `token`', value)
  }
  const reader = new OptionReader('`auth`', given, ['token', 'as', 'name', 'refreshBefore'], 'auth.')
  const refreshBefore = reader.number('refreshBefore')
  const token = reader.raw('token')
  const source = isSource(token) ? token : new TokenSource(token as TokenFunction | string, refreshBefore)
  const as = reader.oneOf('as', ['header', 'query', 'message'] as const, usual)
  const name = reader.string('name', as === 'query' ? 'token' : 'Authorization')
  if (as === 'header' && !isToken(name)) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`auth.name\` must be the name of a header, not ${shown(name)}`,
    )
  }
  if (name === '' || name.length > 200) badOption('auth.name', 'a name of 1 to 200 characters', name)
  return { source, as, name }
}

/** What the engine is told of a token. `message` is the first message's text where it travels in one. */
export function application(
  auth: CheckedAuth,
  token: string,
  message: () => string,
): ['query' | 'header' | 'message', string, string] {
  switch (auth.as) {
    case 'query':
      return ['query', auth.name, token]
    case 'header':
      return ['header', auth.name, auth.name.toLowerCase() === 'authorization' ? `Bearer ${token}` : token]
    case 'message':
      return ['message', '', message()]
  }
}
