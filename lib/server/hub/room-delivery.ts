// What of a room's log reaches its members: each entry with its place, and a word where the order breaks.
//
//   text of an entry   | id of the message | LF | timestamp | LF | envelope without room, place and end |
import type { RoomEntry, RoomPage, RoomPlace } from './adapter'
import { placed, writeMessage } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import type { RoomFeed } from './logged-room'
import type { Room } from './rooms'

/** Messages that are on their way to the log and back; of those before, a sender gets its own. */
const mostLeftOut = 65_536

export function entryText(id: string, timestamp: number, envelope: string): string {
  return `${id}\n${timestamp}\n${envelope}`
}

export class RoomDelivery implements RoomFeed {
  /** Under an epoch of this node. */
  private alone = true
  /** Who does not get a message of its own, by the message's id. */
  private readonly leftOut = new Map<string, HubConnection>()

  constructor(
    private readonly core: HubCore,
    private readonly room: Room<HubConnection>,
  ) {}

  except(id: string, connection: HubConnection): void {
    if (this.leftOut.size >= mostLeftOut) {
      for (const [oldest] of this.leftOut) {
        this.leftOut.delete(oldest)
        break
      }
    }
    this.leftOut.set(id, connection)
  }

  load({ epoch, offset, entries }: RoomPage): void {
    const oldest = Date.now() - (this.room.keeps?.age ?? 0)
    const kept = entries.filter(
      (one) => one.epoch === epoch && (this.room.keeps?.age === 0 || timeOf(one.text) >= oldest),
    )
    this.alone = false
    this.room.enter(epoch, kept.length === 0 ? offset : kept[0].offset - 1)
    for (const entry of kept) this.deliver(entry)
  }

  deliver({ epoch, offset, text }: RoomEntry): void {
    const { room } = this
    if (epoch !== room.epoch) this.anew(epoch, offset - 1)
    else if (offset <= room.offset) return
    else if (offset > room.offset + 1) {
      const missed = offset - room.offset - 1
      room.enter(epoch, offset - 1)
      this.broken('gone', missed)
    }
    this.publish(text)
  }

  stand({ epoch, offset }: RoomPlace): void {
    const { room } = this
    if (epoch !== room.epoch) this.anew(epoch, offset)
    else if (offset > room.offset) {
      const missed = offset - room.offset
      room.enter(epoch, offset)
      this.broken('gone', missed)
    }
  }

  deliverAlone(text: string): void {
    if (!this.alone) {
      this.anew(this.core.memberships.newEpoch(), 0)
      this.alone = true
    }
    this.publish(text)
  }

  private anew(epoch: string, offset: number): void {
    this.alone = false
    this.room.enter(epoch, offset)
    this.broken('epoch', null)
  }

  /** Tells the members that they cannot rely on having everything. */
  private broken(reason: 'epoch' | 'gone', missed: number | null): void {
    const { core, room } = this
    const { name, epoch, offset, topic, members } = room
    if (members.size === 0) return
    const failure = { reason, joined: true, epoch, offset, missed }
    const payload = JSON.stringify({ rooms: { [name]: failure } })
    core.counters.resumeFailed += members.size
    core.log({ level: 'warn', event: 'resume_failed', room: name, message: reason }, undefined)
    core.transport.publish([topic], writeMessage('resume_failed', { payload }, Date.now()), undefined)
  }

  /** The next message of the room's epoch. */
  private publish(text: string): void {
    const { core, room, leftOut } = this
    const first = text.indexOf('\n')
    const second = text.indexOf('\n', first + 1)
    const offset = room.offset + 1
    const out = placed(text.slice(second + 1), room.name, room.epoch, offset)
    let except: HubConnection | undefined
    if (leftOut.size > 0) {
      const id = text.slice(0, first)
      except = leftOut.get(id)
    }
    core.transport.publishKept(
      room.topic,
      out,
      offset + room.shift,
      except?.gone === false ? except.socket : undefined,
    )
    // Not before it was accepted: numbers have no gap.
    room.offset = offset
    if (except !== undefined) leftOut.delete(text.slice(0, first))
    core.counted(out)
  }
}

function timeOf(text: string): number {
  const first = text.indexOf('\n')
  return Number(text.slice(first + 1, text.indexOf('\n', first + 1)))
}
