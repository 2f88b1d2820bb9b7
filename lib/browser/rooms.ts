// The rooms of a client, whose part is loaded by the first client that joins one. Takes the place of lib/client/rooms.ts.
import type { ClientBody } from '../client/client-body'
import { part } from './parts'
import type { JoinOptions, ResumeFailure, Rooms as LoadedRooms } from '../client/rooms'

export type * from '../client/rooms'

export class Rooms {
  private loaded: LoadedRooms | undefined
  /** Those that the program joins while the part is on its way. */
  private readonly joining = new Set<string>()

  constructor(private readonly body: ClientBody) {}

  /** Calls keep their order among themselves and among messages that are sent meanwhile. */
  private inTurn(step: (rooms: LoadedRooms) => Promise<void>): Promise<void> {
    const { engine, pending } = this.body
    // Also where the part never comes, the end of the client settles it.
    const { token, promise } = pending.add<undefined>('request', 'join', undefined, engine)
    // Both are on their way at once.
    engine.later?.('answers', () => undefined)
    engine.later?.('rooms', () => {
      this.joining.clear()
      this.loaded ??= new (part('rooms') as unknown as { Rooms: typeof LoadedRooms }).Rooms(this.body)
      step(this.loaded).then(
        () => pending.resolve(token),
        (error: unknown) => pending.reject(token, error),
      )
    })
    return promise
  }

  list(): string[] {
    return [...(this.loaded?.list() ?? []), ...this.joining]
  }
  join(room: string, options?: JoinOptions): Promise<void> {
    const known = this.list()
    if (typeof room === 'string' && room !== '' && room.length <= 256 && !known.includes(room))
      this.joining.add(room)
    return this.inTurn((rooms) => rooms.join(room, options))
  }
  leave(room: string): Promise<void> {
    this.joining.delete(room)
    return this.inTurn((rooms) => rooms.leave(room))
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
