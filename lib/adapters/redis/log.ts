// The log of rooms in Redis Streams, see scripts.ts.
import { randomBytes } from 'node:crypto'
import type { HubNode, RoomEntry, RoomLog, RoomPage, RoomPlace } from '../../server/hub/adapter'
import type { CheckedBounds } from '../../server/hub/transport'
import { HawserError } from '../../core/error'
import type { Tally } from '../tally'
import type { RedisConnection } from './connection'
import { type Script, append, read, renew } from './scripts'

/** Milliseconds that the numbering of a room outlives what the room keeps. */
const longestMemory = 86_400_000

export class RedisLog implements RoomLog {
  constructor(
    private readonly connection: RedisConnection,
    private readonly tally: Tally,
    private readonly prefix: string,
    private readonly node: () => HubNode | undefined,
  ) {}

  private key(room: string, part: string): string {
    return `${this.prefix}:{${room}}:${part}`
  }
  private channel(room: string): string {
    return `${this.prefix}:l:${room}`
  }

  follow(room: string): Promise<void> {
    return this.connection.subscribe(this.channel(room), (message) => {
      this.tally.received++
      const end = message.indexOf('\n')
      const space = message.indexOf(' ')
      const entry = {
        epoch: message.slice(0, space),
        offset: Number(message.slice(space + 1, end)),
        text: message.slice(end + 1),
      }
      this.node()?.entries(room, [entry])
    })
  }
  unfollow(room: string): void {
    this.connection.unsubscribe(this.channel(room))
  }

  async append(
    room: string,
    texts: readonly string[],
    number: number,
    bounds: CheckedBounds,
  ): Promise<RoomPlace> {
    const since = performance.now()
    const writer = this.key(room, `w:${this.node()?.id ?? ''}`)
    const { count, bytes, age } = bounds
    const rest = [this.channel(room), count, bytes, age, number].map(String)
    try {
      const answer = await this.run(append, room, [writer], [...rest, ...texts], bounds)
      const [epoch, offset] = answer as [string, string]
      this.tally.took(texts.length, since)
      return { epoch, offset: Number(offset) }
    } catch (error) {
      if ((error as HawserError).code !== 'BROKER_UNAVAILABLE') this.tally.lost += texts.length
      throw error
    }
  }

  async read(
    room: string,
    after: RoomPlace | undefined,
    most: number,
    bounds: CheckedBounds,
  ): Promise<RoomPage> {
    const place =
      after === undefined
        ? ['', '0']
        : [after.epoch.slice(0, after.epoch.lastIndexOf('-')), String(after.offset)]
    const answer = await this.run(read, room, [], [...place, String(most)], bounds)
    const [epoch, offset, anew, rows] = answer as [string, string, number, [string, string[]][]]
    const entries = rows.map(([id, fields]): RoomEntry => ({
      epoch: fields[1],
      offset: Number.parseInt(id, 10),
      text: fields[3],
    }))
    return { epoch, offset: Number(offset), entries, anew: anew === 1 }
  }

  async renew(room: string, epoch: string, bounds: CheckedBounds): Promise<void> {
    await this.run(renew, room, [], [epoch], bounds)
  }

  private async run(
    script: Script,
    room: string,
    keys: string[],
    rest: string[],
    { age }: CheckedBounds,
  ): Promise<unknown> {
    const all = [this.key(room, 's'), this.key(room, 'm'), ...keys]
    const lifetime = String(age + longestMemory)
    const words = [String(all.length), ...all, incarnation(), this.connection.life, lifetime, ...rest]
    try {
      return await this.connection.command(['EVALSHA', script.hash, ...words])
    } catch (error) {
      if (!/NOSCRIPT/.test((error as Error).message)) throw error
      return this.connection.command(['EVAL', script.text, ...words])
    }
  }
}

/** For a room that has none. */
function incarnation(): string {
  return randomBytes(6).toString('hex')
}
