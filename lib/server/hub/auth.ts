// Who a peer is: at the upgrade, by its first message, and again before its token expires.
import type { Verdict } from '../server-options'
import type { UpgradeRequest } from '../upgrade-request'
import { isName, longest } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import { HubError } from './hub-error'

/** Who somebody is. */
export interface Identity {
  /** At most 256 characters. */
  userId: string
  roles?: readonly string[]
  /** When it ends, in milliseconds since the epoch: the peer is told then, and closed with 4401 after `auth.grace`. */
  expiresAt?: number
  /** Anything else that handlers want to know: `ctx.claims`. */
  claims?: unknown
}

type Answer = Identity | null | undefined | false
/**
 * Says who a peer is; null, undefined or false: nobody it knows. `token` comes from `Authorization: Bearer`, from the
 * query, or from an `auth` message; undefined at an upgrade without one, where a cookie may tell.
 */
export type AuthFunction = (request: UpgradeRequest, token: string | undefined) => Answer | Promise<Answer>

export interface HubAuthOptions {
  verify: AuthFunction
  /** False: peers may stay without a user. Default true. */
  required?: boolean
  /** Where the token may come from. 'upgrade': who brings none is answered 401. Default 'either'. */
  at?: 'upgrade' | 'message' | 'either'
  /** Query parameter of the token; false: none. Default 'token'. */
  query?: string | false
  /** Milliseconds until the `auth` message has to have come. Default 10000. */
  deadline?: number
  /** Milliseconds between `token_expired` and the close with 4401. Default 30000. */
  grace?: number
}

export interface CheckedAuth {
  verify: AuthFunction
  required: boolean
  at: 'upgrade' | 'message' | 'either'
  query: string | false
  deadline: number
  grace: number
}

/** Tokens of messages that may be refused before the connection is closed. */
const mostRefusals = 3
export const closeUnauthorized = 4401

const notAccepted = (): HubError =>
  new HubError('AUTHENTICATION_FAILED', 'The token was not accepted. Send another one')

export class Authenticator {
  private readonly identities = new WeakMap<UpgradeRequest, Identity>()

  constructor(
    private readonly core: HubCore,
    private readonly options: CheckedAuth | undefined,
  ) {}

  /** Whether peers without a user may do anything but say who they are. */
  get open(): boolean {
    return this.options?.required !== true
  }

  /** At the upgrade. */
  async verdict(request: UpgradeRequest): Promise<Verdict> {
    const { options } = this
    if (options === undefined || options.at === 'message') return true
    const token = tokenOf(request, options.query)
    let identity: Identity | undefined
    try {
      identity = checked(await options.verify(request, token))
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' }, body: `${error.message}\n` }
    }
    if (identity !== undefined) this.identities.set(request, identity)
    else if (token !== undefined || (options.at === 'upgrade' && options.required)) {
      return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }
    }
    return true
  }

  /** Who was accepted at the upgrade. */
  userOf(request: UpgradeRequest): string | undefined {
    return this.identities.get(request)?.userId
  }

  /** A connection is there; it is admitted, or has to say who it is in time. */
  opened(connection: HubConnection): void {
    const { options } = this
    const identity = this.identities.get(connection.request)
    if (identity !== undefined) this.accept(connection, identity)
    if (identity !== undefined || this.open || options === undefined) {
      this.core.admit(connection)
      return
    }
    connection.deadline = this.core.deadlines.add(Date.now() + options.deadline, () => {
      connection.socket.close(closeUnauthorized, 'authentication timeout')
    })
  }

  /** An `auth` or `refresh_auth` message. */
  async message(
    connection: HubConnection,
    payload: unknown,
    correlationId: string | undefined,
  ): Promise<void> {
    const token = (payload as { token?: unknown } | null | undefined)?.token
    const { options } = this
    if (options === undefined || (options.at === 'upgrade' && connection.identity === undefined)) {
      connection.answer('auth_ok', correlationId, {})
      return
    }
    try {
      if (!isName(token, 16_384)) throw new HubError('INVALID_MESSAGE', '`payload.token` must be a string')
      const identity = checked(await options.verify(connection.request, token))
      if (connection.gone) return
      if (identity === undefined) throw notAccepted()
      const { userId } = connection
      if (userId !== undefined && identity.userId !== userId) {
        throw new HubError(
          'AUTHENTICATION_FAILED',
          'The token is of another user. Connect anew to be another one',
        )
      }
      this.accept(connection, identity)
    } catch (error) {
      connection.fail(error, correlationId, 'auth_error')
      if (connection.identity === undefined && ++connection.refusals >= mostRefusals) {
        connection.socket.close(closeUnauthorized, 'authentication failed')
      }
      return
    }
    const { userId, roles, expiresAt } = connection.identity as unknown as Identity
    connection.answer('auth_ok', correlationId, { userId, roles, expiresAt })
    this.core.admit(connection)
  }

  private accept(connection: HubConnection, identity: Identity): void {
    connection.deadline?.cancel()
    connection.deadline = undefined
    this.core.identify(connection, identity)
    const { expiresAt } = identity
    const { options, core } = this
    if (expiresAt === undefined || options === undefined) return
    connection.deadline = core.deadlines.add(expiresAt, () => {
      connection.answer('token_expired', undefined, { grace: options.grace })
      connection.deadline = core.deadlines.add(Date.now() + options.grace, () => {
        connection.socket.close(closeUnauthorized, 'token expired')
      })
    })
  }
}

/** Throws TypeError when the program's function answered nonsense. */
function checked(answer: unknown): Identity | undefined {
  if (answer === null || answer === undefined || answer === false) return undefined
  const { userId, roles, expiresAt } = answer as Partial<Record<keyof Identity, unknown>>
  const rolesFit =
    roles === undefined || (Array.isArray(roles) && roles.every((role) => isName(role, longest.user)))
  if (!isName(userId, longest.user) || !rolesFit || !['number', 'undefined'].includes(typeof expiresAt)) {
    throw new TypeError(
      '`auth` must answer false, or { userId: string, roles?: string[], expiresAt?: number, claims? }',
    )
  }
  // What is expired already is no identity.
  if (typeof expiresAt === 'number' && expiresAt <= Date.now()) return undefined
  return answer as Identity
}

function tokenOf(request: UpgradeRequest, query: string | false): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers['authorization'] ?? '')
  if (bearer !== null) return bearer[1]
  if (query === false) return undefined
  const at = request.url.indexOf('?')
  return at < 0 ? undefined : (new URLSearchParams(request.url.slice(at)).get(query) ?? undefined)
}
