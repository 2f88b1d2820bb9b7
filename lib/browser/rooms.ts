// The rooms of a client, whose part is loaded by the first client that joins one. Takes the place of lib/client/rooms.ts.
import type { ClientBody } from '../client/client-body'
import { nameOf } from '../client/endings'
import { promised } from './in-turn'
import { part } from './parts'
import type { JoinOptions, ResumeFailure, Rooms as LoadedRooms } from '../client/rooms'

export type * from '../client/rooms'

export class Rooms {
  private loaded: LoadedRooms | undefined
  /** Those that the program joins while the part is on its way. */
  private readonly joining = new Set<string>()

  constructor(private readonly body: ClientBody) {}

  /** Calls keep their order among themselves and among messages that are sent meanwhile. */
  private inTurn(room: string, step: (rooms: LoadedRooms) => Promise<void>): Promise<void> {
    const { body } = this
    return promised(body, 'rooms', nameOf('room', room), () => {
      this.joining.clear()
      this.loaded ??= new (part('rooms') as unknown as { Rooms: typeof LoadedRooms }).Rooms(body)
      return step(this.loaded)
    })
  }

  list(): string[] {
    return [...new Set([...(this.loaded?.list() ?? []), ...this.joining])]
  }
  join(room: string, options?: JoinOptions): Promise<void> {
    if (typeof room === 'string' && room !== '' && room.length <= 256) this.joining.add(room)
    return this.inTurn(room, (rooms) => rooms.join(room, options))
  }
  leave(room: string): Promise<void> {
    this.joining.delete(room)
    return this.inTurn(room, (rooms) => rooms.leave(room))
  }
  connected(link: number): void {
    this.loaded?.connected(link)
  }
  read(payload: unknown): void {
    this.loaded?.read(payload)
  }
  failed(payload: unknown): ResumeFailure[] {
    return this.loaded?.failed(payload) ?? []
  }
}
