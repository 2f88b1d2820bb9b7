// Control messages of peers: rooms, resume, presence, tokens, heartbeats, batches. docs/protocol.md has them all.
import { type HubMessage, correlationOf, isName, longest, writeMessage } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import { HubError } from './hub-error'
import type { LoggedRoom } from './logged-room'

/** Handles a message; a promise holds the connection's next messages. What is thrown becomes the answer. */
export type Control = (
  core: HubCore,
  connection: HubConnection,
  message: HubMessage,
) => Promise<void> | undefined

/** What only a hub says. A peer that sends it is told so. */
const ours = [
  ...['auth_ok', 'auth_error', 'token_expired', 'joined', 'left', 'user_joined', 'user_left'],
  ...['resumed', 'resume_failed', 'error'],
]
/** Answers to what a hub does not ask. */
const ignored = ['ack', 'reply', 'heartbeat_ack']

export const controls = new Map<string, Control>([
  ['auth', token],
  ['refresh_auth', token],
  ['join', join],
  ['leave', leave],
  ['resume', resume],
  ['presence_update', presence],
  ['heartbeat', heartbeat],
])
for (const type of ours) {
  controls.set(type, () => {
    throw new HubError('INVALID_MESSAGE', `'${type}' is what the hub sends`)
  })
}
for (const type of ignored) controls.set(type, () => undefined)

/** What a connection may send before it is admitted. */
export const early: ReadonlySet<string> = new Set(['auth', 'heartbeat', 'ack', 'heartbeat_ack'])

function token(core: HubCore, connection: HubConnection, message: HubMessage): Promise<void> {
  return core.auth.message(connection, message.payload, correlationOf(message))
}

function heartbeat(_core: HubCore, connection: HubConnection, message: HubMessage): undefined {
  const { timestamp } = message
  const payload = timestamp === undefined ? undefined : { originalTimestamp: timestamp }
  connection.answer('heartbeat_ack', correlationOf(message), payload)
}

function roomOf(message: HubMessage): string {
  if (message.room === undefined) throw new HubError('INVALID_MESSAGE', '`room` is missing')
  return message.room
}

function join(core: HubCore, connection: HubConnection, message: HubMessage): Promise<void> | undefined {
  const room = roomOf(message)
  const last = (message.payload as { last?: unknown } | null | undefined)?.last
  if (last !== undefined && (typeof last !== 'number' || !Number.isInteger(last) || last < 0)) {
    throw new HubError('INVALID_MESSAGE', '`payload.last` must be a number of messages')
  }
  const allowed = core.options.authorize?.(connection, 'join', room, undefined) ?? true
  const correlationId = correlationOf(message)
  if (typeof allowed === 'boolean') return enter(core, connection, room, correlationId, last, allowed)
  return Promise.resolve(allowed).then((answer) => enter(core, connection, room, correlationId, last, answer))
}

function enter(
  core: HubCore,
  connection: HubConnection,
  room: string,
  correlationId: string | undefined,
  last: number | undefined,
  allowed: boolean,
): Promise<void> | undefined {
  if (!allowed) throw new HubError('UNAUTHORIZED', 'This room may not be joined')
  checkRoom(core, connection, room, connection.roomCount)
  return core.memberships.enter(
    connection,
    room,
    last === undefined ? { correlationId } : { correlationId, last },
  )
}

function checkRoom(core: HubCore, connection: HubConnection, room: string, already: number): void {
  if (connection.inRoom(room)) return
  const { maxRoomsPerConnection } = core.options
  if (already >= maxRoomsPerConnection) {
    throw new HubError('TOO_MANY_ROOMS', `A connection may be in ${maxRoomsPerConnection} rooms. Leave some`)
  }
  if (core.rooms.get(room) === undefined && !core.memberships.hasRoom()) {
    throw new HubError('TOO_MANY_ROOMS', 'There is no room for another room')
  }
}

function leave(core: HubCore, connection: HubConnection, message: HubMessage): undefined {
  const room = roomOf(message)
  const correlationId = correlationOf(message)
  // Who is not in it has left it, as far as it is concerned.
  if (!core.memberships.leave(connection, room, correlationId))
    connection.answer('left', correlationId, undefined, room)
}

function presence(core: HubCore, connection: HubConnection, message: HubMessage): Promise<void> {
  if (core.presences === undefined) throw new HubError('UNKNOWN_TYPE', 'This hub knows no presence')
  return core.presences
    .message(connection, message)
    .then((payload) => connection.answer('reply', correlationOf(message), payload))
}

// ---------------------------------------------------------------------------------------------------------- resume

interface Position {
  room: string
  epoch: string | undefined
  offset: number
}

/** Why a peer cannot go on where it was in a room, and how it stands there now. */
interface ResumeFailure {
  reason: 'epoch' | 'gone' | 'unauthorized' | 'limit'
  joined: boolean
  epoch?: string | undefined
  /** Everything above it follows. */
  offset?: number
  /** So many messages are lost; null: nobody knows. */
  missed?: number | null
}

function positions(core: HubCore, payload: unknown): Position[] {
  const given = (payload as { rooms?: unknown } | null | undefined)?.rooms
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new HubError('INVALID_MESSAGE', '`payload.rooms` must be an object: { room: { epoch, offset } }')
  }
  const entries = Object.entries(given as Record<string, unknown>)
  const { maxRoomsPerConnection } = core.options
  if (entries.length > maxRoomsPerConnection) {
    throw new HubError('TOO_MANY_ROOMS', `A connection may be in ${maxRoomsPerConnection} rooms`)
  }
  return entries.map(([room, where]) => {
    const { epoch, offset } = (where ?? {}) as { epoch?: unknown; offset?: unknown }
    const numbered = epoch === undefined && offset === undefined
    const fits = isName(epoch, 128) && Number.isSafeInteger(offset) && (offset as number) >= 0
    if (!isName(room, longest.room) || !(numbered || fits)) {
      throw new HubError(
        'INVALID_MESSAGE',
        '`payload.rooms` must name rooms, with `epoch` and `offset` of each',
      )
    }
    return numbered
      ? { room, epoch: undefined, offset: 0 }
      : { room, epoch: epoch as string, offset: offset as number }
  })
}

async function resume(core: HubCore, connection: HubConnection, message: HubMessage): Promise<void> {
  const wanted = positions(core, message.payload)
  const { authorize } = core.options
  const ask = async ({ room }: Position) => (await authorize?.(connection, 'join', room, undefined)) ?? true
  const allowed = await Promise.all(wanted.map(ask))
  if (connection.gone) return
  const resumed: [string, object][] = []
  const failed: [string, ResumeFailure][] = []
  const joins: { room: string; from: number; epoch: string | undefined }[] = []
  const entered: Position[] = []
  const waits: Promise<void>[] = []
  let already = connection.roomCount
  wanted.forEach((position, i) => {
    const { room } = position
    try {
      if (!allowed[i]) throw new HubError('UNAUTHORIZED')
      checkRoom(core, connection, room, already)
    } catch (error) {
      const reason = (error as HubError).code === 'UNAUTHORIZED' ? 'unauthorized' : 'limit'
      failed.push([room, { reason, joined: false }])
      return
    }
    if (!connection.inRoom(room)) already++
    entered.push(position)
    const wait = core.memberships.hold(room)
    if (wait !== undefined) waits.push(wait)
  })
  if (waits.length > 0) await Promise.all(waits)
  const behind = entered.flatMap((position) => behindOf(core, position))
  if (behind.length > 0) await Promise.all(behind.map((log) => log.refresh()))
  for (const position of entered) {
    const { room } = position
    const { from, failure, epoch } = standing(core, position)
    joins.push({ room, from, epoch })
    if (failure === undefined) resumed.push([room, epoch === undefined ? {} : { epoch, offset: from }])
    else failed.push([room, failure])
  }
  const correlationId = correlationOf(message)
  // Nothing of the rooms comes before both answers.
  if (failed.length > 0) {
    connection.answer('resume_failed', undefined, { rooms: Object.fromEntries(failed) })
    for (const [room, { reason }] of failed) {
      core.log({ level: 'warn', event: 'resume_failed', room, message: reason }, connection)
    }
  }
  connection.answer('resumed', correlationId, { rooms: Object.fromEntries(resumed) })
  core.counters.resumed += resumed.length
  core.counters.resumeFailed += failed.length
  for (const { room, from, epoch } of joins) {
    const late: ResumeFailure = { reason: 'gone', joined: true, epoch, offset: from, missed: null }
    const partial = writeMessage(
      'resume_failed',
      { payload: JSON.stringify({ rooms: { [room]: late } }) },
      Date.now(),
    )
    core.memberships.join(connection, room, { from, quiet: true, partial })
    core.memberships.release(room)
  }
}

/** The room's log, if a peer has heard more of it than this node, or of another epoch. */
function behindOf(core: HubCore, { room: name, epoch, offset }: Position): LoggedRoom[] {
  const room = core.rooms.get(name)
  if (room?.log === undefined || epoch === undefined) return []
  return epoch !== room.epoch || offset > room.offset ? [room.log] : []
}

/** Where a peer goes on in a room, and what it has missed for good. */
function standing(
  core: HubCore,
  { room: name, epoch, offset }: Position,
): { from: number; epoch?: string; failure?: ResumeFailure } {
  const room = core.rooms.ensure(name)
  if (room.keeps === undefined) {
    if (epoch === undefined) return { from: 0 }
    return { from: 0, failure: { reason: 'epoch', joined: true, missed: null } }
  }
  const kept = core.memberships.keptFrom(room)
  // It has never heard of this room's numbers: it begins now.
  if (epoch === undefined) return { from: room.offset, epoch: room.epoch }
  if (epoch !== room.epoch || offset > room.offset) {
    // All that is kept is new to it.
    return {
      from: kept,
      epoch: room.epoch,
      failure: { reason: 'epoch', joined: true, epoch: room.epoch, offset: kept, missed: null },
    }
  }
  if (offset >= kept) return { from: offset, epoch: room.epoch }
  const missed = kept - offset
  return {
    from: kept,
    epoch: room.epoch,
    failure: { reason: 'gone', joined: true, epoch: room.epoch, offset: kept, missed },
  }
}
