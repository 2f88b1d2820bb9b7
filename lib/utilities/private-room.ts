// Names of rooms that belong to certain users, the same whoever makes them.
import { longest } from '../client/message-bounds'
import { badArgument } from '../core/validate'

const prefix = 'private:'

/**
 * The room of two or more users: the same for any order of them, another for other users. The name tells who they are, see
 * `privateRoomUsers`.
 *
 * @example
 * await client.joinRoom(privateRoomId('ann', 'bob')) // 'private:ann,bob'
 * @throws TypeError `INVALID_ARGUMENT`: fewer than two users, an empty id, or a name of more than 256 characters
 */
export function privateRoomId(...users: readonly string[]): string {
  for (const user of users) {
    // Half a surrogate pair has no form in UTF-8.
    if (typeof user !== 'string' || user === '' || !isWhole(user)) badArgument('users', 'ids of users', user)
  }
  const all = [...new Set(users)].sort()
  if (all.length < 2) badArgument('users', 'at least two different users', all.length)
  const id = prefix + all.map((user) => encodeURIComponent(user)).join(',')
  if (id.length > longest.room) {
    badArgument('users', `a name of at most ${longest.room} characters together`, id.length)
  }
  return id
}

/** The users of a room that `privateRoomId` has named, in its order; undefined for any other name. */
export function privateRoomUsers(room: string): string[] | undefined {
  if (!room.startsWith(prefix)) return undefined
  try {
    const users = room.slice(prefix.length).split(',').map(decodeURIComponent)
    // A name that is written another way would be a second room of the same users.
    return privateRoomId(...users) === room ? users : undefined
  } catch {
    return undefined
  }
}

function isWhole(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
