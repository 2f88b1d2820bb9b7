// The rooms a client is in: joined at the server now, and again after each reconnect.
import { badArgument } from '../core/validate'

type Ask = (type: 'join' | 'leave', room: string) => Promise<void>

const longestName = 256

export class Rooms {
  /** Rooms that the program wants to be in. */
  private readonly wanted = new Set<string>()
  /** Whether the server knows, on this connection. */
  private fresh = true

  constructor(private readonly ask: Ask) {}

  list(): string[] {
    return [...this.wanted]
  }

  async join(room: string): Promise<void> {
    checkRoom(room)
    this.wanted.add(room)
    try {
      await this.ask('join', room)
    } catch (error) {
      // The server said no; a lost connection is made up for by the next.
      if ((error as { code?: string }).code !== 'CONNECTION_LOST') this.wanted.delete(room)
      throw error
    }
  }

  async leave(room: string): Promise<void> {
    checkRoom(room)
    if (this.wanted.delete(room)) await this.ask('leave', room)
  }

  /** A connection opened: on all but the first the server has forgotten the rooms. */
  connected(): void {
    if (!this.fresh) {
      for (const room of this.wanted) {
        this.ask('join', room).catch((error: unknown) => {
          const { code } = error as { code?: string }
          if (code !== 'CONNECTION_LOST' && code !== 'TIMEOUT') this.wanted.delete(room)
        })
      }
    }
    this.fresh = false
  }
}

function checkRoom(room: unknown): void {
  if (typeof room !== 'string' || room === '' || room.length > longestName) {
    badArgument('room', `a name of 1 to ${longestName} characters`, room)
  }
}
