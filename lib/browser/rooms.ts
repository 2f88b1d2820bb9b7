// The rooms of a client, whose part is loaded by the first client that joins one. Takes the place of lib/client/rooms.ts.
import type { ClientBody } from '../client/client-body'
import { nameOf } from '../client/endings'
import { promised } from './in-turn'
import { part } from './parts'
import type { JoinedRooms, Rooms } from '../client/rooms'

export type * from '../client/rooms'

export function roomsOf(body: ClientBody): JoinedRooms {
  /** Those that the program joins while the part is on its way. */
  const joining = new Set<string>()
  /** Calls keep their order among themselves and among messages that are sent meanwhile. */
  const inTurn = (room: string, step: (rooms: Rooms) => Promise<void>): Promise<void> =>
    promised(body, 'rooms', nameOf('room', room), () => {
      joining.clear()
      return step((body.rooms ??= new (part('rooms') as unknown as { Rooms: typeof Rooms }).Rooms(body)))
    })
  return {
    list: () => [...new Set([...(body.rooms?.list() ?? []), ...joining])],
    join(room, options) {
      if (typeof room === 'string' && room !== '' && room.length <= 256) joining.add(room)
      return inTurn(room, (rooms) => rooms.join(room, options))
    },
    leave(room) {
      joining.delete(room)
      return inTurn(room, (rooms) => rooms.leave(room))
    },
  }
}
