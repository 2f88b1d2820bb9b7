// What a program does with connections wherever they are: puts them into a room, takes them out, ends them.
import type { HubCore } from './hub-core'
import { allNodes } from './node-link'
import type { Reach } from './deliveries'
import type { Audience } from './target'

export interface ConnectionAction {
  does: 'join' | 'leave' | 'close'
  /** To join or leave. */
  room?: string
  /** To close with. */
  code?: number | undefined
  reason?: string | undefined
}

export class Actions {
  constructor(private readonly core: HubCore) {
    core.link?.on('do', (head) => {
      this.here(head as unknown as Reach & ConnectionAction, { except: [], where: undefined })
    })
  }

  /** Here, and on other nodes unless a function chooses. */
  take(audience: Audience, action: ConnectionAction): void {
    const { all, rooms, users, roles, where } = audience
    const reach: Reach = { all, rooms, users, roles }
    this.here({ ...reach, ...action }, audience)
    if (where === undefined) this.core.link?.say(allNodes, 'do', { ...reach, ...action })
  }

  private here(what: Reach & ConnectionAction, { except, where }: Pick<Audience, 'except' | 'where'>): void {
    const { core } = this
    // Copied: the sets change on the way.
    for (const connection of [...core.deliveries.audience(what)]) {
      if (except.includes(connection) || where?.(connection) === false) continue
      const { does, room = '', code, reason } = what
      if (does === 'join') connection.join(room)
      else if (does === 'leave') connection.leave(room)
      else connection.close(code, reason)
    }
  }
}
