// The stream that holds the rooms of all nodes, on one connection: what is asked of JetStream, without decisions.
import type { JetStreamClient, JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import type { CheckedBounds } from '../../server/hub/transport'
import { decode, type Stored } from './entry'
import type { Subjects } from './names'
import type { NatsSession } from './session'

export type JetStreamModule = typeof import('@nats-io/jetstream')

export interface StreamSettings {
  name: string
  storage: 'file' | 'memory'
  replicas: number
  maxBytes: number
  maxAge: number
}

/** A message of a room with its sequence number in the stream. */
export interface Kept {
  seq: number
  /** When it was stored, in milliseconds since the epoch. */
  time: number
  stored: Stored
}

/** Another message came first. */
export const conflict = Symbol('conflict')

/** Markers of epochs share the room's messages. */
const spare = 16
const answerTime = 5000
const wrongSequence = [10071, 10164]
const nameInUse = 10058
const nanoseconds = 1e6

export class RoomStream {
  /** Largest message in bytes, less what a header takes. */
  readonly largest: number
  private config: StreamConfig | undefined
  private growing: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly module: JetStreamModule,
    readonly session: NatsSession,
    private readonly manager: JetStreamManager,
    private readonly client: JetStreamClient,
    private readonly subjects: Subjects,
    private readonly settings: StreamSettings,
  ) {
    this.largest = (session.connection.info?.max_payload ?? 1 << 20) - 1024
  }

  /** Makes the stream where there is none. */
  static async open(
    module: JetStreamModule,
    session: NatsSession,
    subjects: Subjects,
    settings: StreamSettings,
  ): Promise<RoomStream> {
    const options = { checkAPI: false, timeout: answerTime }
    const manager = await module.jetstreamManager(session.connection, options)
    const stream = new RoomStream(module, session, manager, manager.jetstream(), subjects, settings)
    await stream.ensure()
    return stream
  }

  async ensure(): Promise<void> {
    const { name, storage, replicas, maxBytes, maxAge } = this.settings
    const { prefix } = this.subjects
    const { streams } = this.manager
    const { DiscardPolicy } = this.module
    const wanted = {
      name,
      subjects: [`${prefix}.log.*`],
      republish: { src: `${prefix}.log.*`, dest: `${prefix}.live.{{wildcard(1)}}` },
      ...{ storage, num_replicas: replicas, max_bytes: maxBytes, max_age: maxAge * nanoseconds },
      max_msgs_per_subject: 128,
      discard: DiscardPolicy.Old,
    }
    try {
      this.config = (await this.session.race(streams.info(name))).config
    } catch (error) {
      if (!this.missing(error)) throw error
      try {
        this.config = (await this.session.race(streams.add(wanted))).config
      } catch (problem) {
        if (!(problem instanceof this.module.JetStreamApiError) || problem.code !== nameInUse) throw problem
        // Another node was first.
        this.config = (await this.session.race(streams.info(name))).config
      }
    }
    const { subjects, republish } = this.config
    if (!subjects.includes(wanted.subjects[0]) || republish?.dest !== wanted.republish.dest) {
      throw new Error(
        `The stream ${name} is not one of this adapter with the prefix ${prefix}: choose another \`stream.name\`, or delete it`,
      )
    }
  }

  /** Keeps as many messages of each room as the bounds say, if it keeps less. */
  grow({ count }: CheckedBounds): Promise<void> {
    const wanted = count + spare
    const grown = this.growing.then(async () => {
      if (this.config === undefined || this.config.max_msgs_per_subject >= wanted) return
      const { name } = this.config
      const { config } = await this.session.race(this.manager.streams.info(name))
      const most = Math.max(config.max_msgs_per_subject, wanted)
      this.config = (
        await this.session.race(this.manager.streams.update(name, { max_msgs_per_subject: most }))
      ).config
    })
    this.growing = grown.catch(() => undefined)
    return grown
  }

  /** The latest message of a room. */
  async last(room: string): Promise<Kept | undefined> {
    const query = { last_by_subj: this.subjects.log(room) }
    const message = await this.session.race(this.manager.streams.getMessage(this.settings.name, query))
    if (message === null) return undefined
    return { seq: message.seq, time: message.time.getTime(), stored: known(message.string(), room) }
  }

  /** What has a sequence number, if it is kept: a message of the room, or undefined for one of another. */
  async at(room: string, seq: number): Promise<{ stored: Stored | undefined } | undefined> {
    const message = await this.session.race(this.manager.streams.getMessage(this.settings.name, { seq }))
    if (message === null) return undefined
    return { stored: message.subject === this.subjects.log(room) ? decode(message.string()) : undefined }
  }

  /** Appends it if the latest message of the room is `after`, 0 for none; its sequence number. */
  async append(room: string, data: string, after: number): Promise<number | typeof conflict> {
    try {
      const expect = { lastSubjectSequence: after }
      const options = { expect, timeout: answerTime, retries: 0 }
      return (await this.session.race(this.client.publish(this.subjects.log(room), data, options))).seq
    } catch (error) {
      if (error instanceof this.module.JetStreamApiError && wrongSequence.includes(error.code))
        return conflict
      throw error
    }
  }

  /** The server has understood, and refuses. */
  refused(error: unknown): boolean {
    return error instanceof this.module.JetStreamApiError && error.status < 500
  }
  /** There is no stream; what is published then has nobody who answers. */
  missing(error: unknown): boolean {
    if (error instanceof this.module.JetStreamApiError) return error.code === streamMissing
    return error instanceof Error && error.name === 'JetStreamNotEnabled'
  }

  /** Messages of a room between two sequence numbers, both included; what is kept no more is left out. */
  async scan(room: string, from: number, to: number): Promise<Kept[]> {
    const { connection } = this.session
    const found: Kept[] = []
    const inbox = this.session.inbox()
    let finish = (): void => undefined
    let fail = (_error: Error): void => undefined
    const complete = new Promise<void>((resolve, reject) => {
      finish = resolve
      fail = reject
    })
    complete.catch(() => undefined)
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        const place = error === null ? placeIn(message.reply ?? '') : undefined
        if (error !== null) fail(error)
        // Others tell of the consumer's state.
        if (place === undefined) return
        try {
          if (place.seq <= to) found.push({ ...place, stored: known(message.string(), room) })
          if (place.seq >= to) finish()
        } catch (problem) {
          fail(problem as Error)
        }
      },
    })
    const late = setTimeout(() => fail(new Error('JetStream did not send what it has')), answerTime)
    const { name: stream } = this.settings
    let consumer: string | undefined
    try {
      const { AckPolicy, DeliverPolicy, ReplayPolicy } = this.module
      const { name } = await this.session.race(
        this.manager.consumers.add(stream, {
          deliver_subject: inbox,
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: Math.max(1, from),
          filter_subject: this.subjects.log(room),
          ack_policy: AckPolicy.None,
          replay_policy: ReplayPolicy.Instant,
          inactive_threshold: answerTime * nanoseconds,
          ...{ mem_storage: true, num_replicas: 1 },
        }),
      )
      consumer = name
      await this.session.race(complete)
    } finally {
      clearTimeout(late)
      subscription.unsubscribe()
      if (consumer !== undefined) this.manager.consumers.delete(stream, consumer).catch(() => undefined)
    }
    return found
  }
}

const streamMissing = 10059

function known(data: string, room: string): Stored {
  const stored = decode(data)
  if (stored === undefined)
    throw new Error(`What the stream holds for the room ${room} is not of this adapter`)
  return stored
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<seq>.<consumer seq>.<time>.<pending>`, newer ones with two parts more. */
function placeIn(reply: string): { seq: number; time: number } | undefined {
  const parts = reply.split('.')
  if (parts[0] !== '$JS' || parts[1] !== 'ACK') return undefined
  const at = parts.length >= 11 ? 7 : 5
  return { seq: Number(parts[at]), time: Number(BigInt(parts[at + 2]) / 1_000_000n) }
}
