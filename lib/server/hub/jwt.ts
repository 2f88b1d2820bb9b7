// JSON Web Tokens as an `auth` function. The package `jose` checks them; it is loaded with the first token.
import type { KeyObject } from 'node:crypto'
import { createPublicKey, createSecretKey } from 'node:crypto'
import { HawserError, HawserTypeError } from '../../core/error'
import { OptionReader } from '../../core/validate'
import type { AuthFunction, Identity } from './auth'

export interface JwtOptions {
  /** Shared secret, for HS256 and its like. */
  secret?: string | Uint8Array
  /** Public key as PEM or KeyObject, for RS256, ES256, EdDSA … */
  publicKey?: string | KeyObject
  /** Address of a key set (JWKS); it is fetched and kept. */
  jwks?: string | URL
  /** Algorithms that are accepted. Default: HS256 for a secret, RS256, PS256, ES256 and EdDSA otherwise. */
  algorithms?: readonly string[]
  issuer?: string
  audience?: string
  /** Claim that holds the user's id. Default 'sub'. */
  userId?: string
  /** Claim that holds the roles: a list, or a text with spaces. Default 'roles'. */
  roles?: string
  /** Seconds by which clocks may differ. Default 0. */
  clockTolerance?: number
}

const names = [
  'secret',
  'publicKey',
  'jwks',
  'algorithms',
  'issuer',
  'audience',
  'userId',
  'roles',
  'clockTolerance',
]

async function load(): Promise<typeof import('jose')> {
  try {
    return await import('jose')
  } catch (cause) {
    throw new HawserError('INVALID_STATE', '`jwtAuth` needs the package `jose`: install it', { cause })
  }
}

/**
 * Checks JSON Web Tokens: signature, times, issuer, audience. The identity ends with the claim `exp`.
 *
 * @example
 * new Hub(server, { auth: jwtAuth({ secret: process.env.JWT_SECRET, issuer: 'https://id.example' }) })
 * @throws TypeError `INVALID_OPTION`
 */
export function jwtAuth(options: JwtOptions): AuthFunction {
  const reader = new OptionReader('`jwtAuth`', options, names)
  const { secret, publicKey, jwks } = options
  if ([secret, publicKey, jwks].filter((key) => key !== undefined).length !== 1) {
    throw new HawserTypeError('INVALID_OPTION', '`jwtAuth` needs one of `secret`, `publicKey` and `jwks`')
  }
  const algorithms = reader.has('algorithms')
    ? reader.strings('algorithms')
    : secret === undefined
      ? ['RS256', 'PS256', 'ES256', 'EdDSA']
      : ['HS256']
  const issuer = reader.has('issuer') ? reader.string('issuer') : undefined
  const audience = reader.has('audience') ? reader.string('audience') : undefined
  const userClaim = reader.string('userId', 'sub')
  const roleClaim = reader.string('roles', 'roles')
  const clockTolerance = reader.fraction('clockTolerance', 0, 0, 3600)
  const key =
    secret !== undefined
      ? createSecretKey(typeof secret === 'string' ? Buffer.from(secret) : secret)
      : typeof publicKey === 'string'
        ? createPublicKey(publicKey)
        : publicKey
  const checks = {
    algorithms,
    clockTolerance,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  }
  let remote: ReturnType<typeof import('jose').createRemoteJWKSet> | undefined

  return async (_request, token) => {
    if (token === undefined) return null
    const jose = await load()
    let claims: Record<string, unknown>
    try {
      if (key === undefined) {
        remote ??= jose.createRemoteJWKSet(new URL(String(jwks)))
        claims = (await jose.jwtVerify(token, remote, checks)).payload
      } else {
        claims = (await jose.jwtVerify(token, key, checks)).payload
      }
    } catch (error) {
      // A token that does not hold is refused; keys that cannot be fetched are the program's trouble.
      if (error instanceof jose.errors.JWKSTimeout || !(error instanceof jose.errors.JOSEError)) throw error
      return null
    }
    return identityOf(claims, userClaim, roleClaim)
  }
}

function identityOf(claims: Record<string, unknown>, userClaim: string, roleClaim: string): Identity | null {
  const user = claims[userClaim]
  if ((typeof user !== 'string' || user === '') && typeof user !== 'number') return null
  const given = claims[roleClaim]
  const roles = Array.isArray(given)
    ? given.filter((role): role is string => typeof role === 'string' && role !== '')
    : typeof given === 'string'
      ? given.split(' ').filter((role) => role !== '')
      : []
  const identity: Identity = { userId: String(user), roles, claims }
  if (typeof claims['exp'] === 'number') identity.expiresAt = claims['exp'] * 1000
  return identity
}
