// Who may do what in which rooms, as a table instead of a function.
import { badArgument } from '../core/validate'
import type { AuthorizeFunction } from '../server/hub/hub-options'
import { privateRoomUsers } from './private-room'

/**
 * Who is meant: everybody, nobody, everybody who has a user, the users that `privateRoomId` named, or who has one of these
 * roles.
 */
export type Allowed = boolean | 'users' | 'members' | readonly string[]

export interface RoomRule {
  /** Who may join. Default: nobody. */
  join?: Allowed
  /** Who may send to it. Default: as `join`. */
  send?: Allowed
}

/** Rules by room: a name, a prefix such as `staff.*` or `private:*`, or `*` for all others. */
export type RoomRules = Readonly<Record<string, RoomRule>>

/** Somebody, as a connection of a hub has it. */
export interface Who {
  readonly userId?: string | undefined
  readonly roles?: readonly string[] | ReadonlySet<string>
}

/**
 * Whether somebody may join a room, or send to it. The rule with the longest name that fits decides; without one the answer
 * is no.
 */
export function mayUseRoom(rules: RoomRules, who: Who, action: 'join' | 'send', room: string): boolean {
  const rule = ruleOf(rules, room)
  if (rule === undefined) return false
  const allowed = action === 'send' ? (rule.send ?? rule.join) : rule.join
  if (allowed === undefined || typeof allowed === 'boolean') return allowed === true
  const { userId, roles = [] } = who
  if (allowed === 'users') return userId !== undefined
  if (allowed === 'members') return userId !== undefined && privateRoomUsers(room)?.includes(userId) === true
  const own = new Set(roles)
  return allowed.some((role) => own.has(role))
}

function ruleOf(rules: RoomRules, room: string): RoomRule | undefined {
  if (Object.hasOwn(rules, room)) return rules[room]
  let best: string | undefined
  for (const name of Object.keys(rules)) {
    if (!name.endsWith('*') || !room.startsWith(name.slice(0, -1))) continue
    if (best === undefined || name.length > best.length) best = name
  }
  return best === undefined ? undefined : rules[best]
}

export interface RoomRulesOptions {
  /** Messages without a room. Default true. */
  withoutRoom?: Allowed
  /** Who may watch the presence of users. Default 'users'. */
  watch?: Allowed
}

/**
 * The option `authorize` of a hub, made of rules.
 *
 * @example
 * new Hub(server, { authorize: roomRules({ '*': { join: true }, 'staff.*': { join: ['admin'] }, 'private:*': { join: 'members' } }) })
 * @throws TypeError `INVALID_ARGUMENT`
 */
export function roomRules(rules: RoomRules, options: RoomRulesOptions = {}): AuthorizeFunction {
  for (const [name, rule] of Object.entries(rules)) {
    check(`rules['${name}'].join`, rule.join)
    check(`rules['${name}'].send`, rule.send)
  }
  const { withoutRoom = true, watch = 'users' } = options
  check('withoutRoom', withoutRoom)
  check('watch', watch)
  const other: RoomRules = { send: { join: withoutRoom }, watch: { join: watch } }
  return (connection, action, target) => {
    if (action === 'watch') return mayUseRoom(other, connection, 'join', 'watch')
    if (target === undefined) return mayUseRoom(other, connection, 'join', 'send')
    return mayUseRoom(rules, connection, action, target)
  }
}

function check(name: string, allowed: unknown): void {
  const known =
    allowed === undefined || typeof allowed === 'boolean' || allowed === 'users' || allowed === 'members'
  if (!known && !(Array.isArray(allowed) && allowed.every((role) => typeof role === 'string'))) {
    badArgument(name, "true, false, 'users', 'members' or a list of roles", allowed)
  }
}
