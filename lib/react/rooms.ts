// Rooms that components are in: joined for the first, left behind the last.
import type { ClientStateName } from '../client/engine'
import type { ResumeFailure } from '../client/rooms'
import { systemClock } from './clock'
import { notAgain } from './engine'
import type { SomeClient } from './use-messages'

export type RoomState = 'joining' | 'joined' | 'refused'

export interface RoomLease {
  readonly state: RoomState
  /** In the room, or let in once and in again before what the client holds is sent. */
  readonly entered: boolean
  /** Why the hub does not let us in. */
  readonly error: Error | undefined
  release(): void
}

interface Place {
  users: number
  state: RoomState
  error: Error | undefined
  last: number
  /** The program had joined it before: it is the program's to leave. */
  readonly lent: boolean
  readonly listeners: Set<() => void>
  asking: boolean
  planned: boolean
  /** Takes back that it is asked again. */
  retry: (() => void) | undefined
  readonly unwatch: () => void
}

const clients = new WeakMap<SomeClient, Map<string, Place>>()

/** Failures that say nothing of the hub's opinion. */
const passing = [
  'TIMEOUT',
  'CONNECTION_LOST',
  'CONNECTION_CLOSED',
  'ABORTED',
  'QUEUE_FULL',
  'BACKPRESSURE_EXCEEDED',
  'EXPIRED',
]
/** Milliseconds behind such a failure: a queue that is full is so at once again. */
const retryAfter = 1000

/**
 * Enters a room. Who enters it in one turn of the event loop makes one join, which asks for as many of the latest
 * messages as any of them wants.
 * @param changed called when `state` changes
 */
export function enterRoom(
  client: SomeClient,
  room: string,
  last: number,
  changed: () => void = () => undefined,
): RoomLease {
  let places = clients.get(client)
  if (places === undefined) clients.set(client, (places = new Map<string, Place>()))
  let place = places.get(room)
  if (place === undefined) {
    const fresh: Place = {
      users: 0,
      state: 'joining',
      error: undefined,
      last: 0,
      lent: client.joinedRooms.includes(room),
      listeners: new Set(),
      asking: false,
      planned: false,
      retry: undefined,
      unwatch: watch(
        client,
        (state) => {
          if (state === 'connected') plan(client, room, fresh)
          else become(fresh, fresh.state === 'refused' ? 'refused' : 'joining', fresh.error)
        },
        (failure) => {
          if (failure.room === room && !failure.joined) become(fresh, 'refused', notAgain(failure))
        },
      ),
    }
    places.set(room, (place = fresh))
  }
  const mine = place
  mine.users++
  mine.last = Math.max(mine.last, last)
  const listener = (): void => changed()
  mine.listeners.add(listener)
  plan(client, room, mine)
  let open = true
  return {
    get state() {
      return mine.state
    },
    get entered() {
      const again = mine.state === 'joining' && !mine.asking && client.joinedRooms.includes(room)
      return mine.state === 'joined' || again
    },
    get error() {
      return mine.error
    },
    release() {
      if (!open) return
      open = false
      mine.listeners.delete(listener)
      if (--mine.users === 0) plan(client, room, mine)
    },
  }
}

/** Hears of states, and of rooms that could not be gone on with. Returns what ends it. */
function watch(
  client: SomeClient,
  state: (state: ClientStateName) => void,
  failed: (failure: ResumeFailure) => void,
): () => void {
  const unwatch = client.onStateChange(state)
  client.on('resume_failed', failed)
  return () => {
    unwatch()
    client.off('resume_failed', failed)
  }
}

/** Behind the present turn: who leaves and comes again, as all do under StrictMode, has never been away. */
function plan(client: SomeClient, room: string, place: Place): void {
  if (place.planned) return
  place.planned = true
  queueMicrotask(() => {
    place.planned = false
    if (place.users === 0) leave(client, room, place)
    else join(client, room, place)
  })
}

function leave(client: SomeClient, room: string, place: Place): void {
  place.unwatch()
  place.retry?.()
  const places = clients.get(client)
  if (places?.get(room) === place) places.delete(room)
  if (place.lent || !client.joinedRooms.includes(room)) return
  client.leaveRoom(room).catch(() => undefined)
}

function join(client: SomeClient, room: string, place: Place): void {
  if (client.state !== 'connected' || place.asking || place.state === 'refused') return
  // The client itself joins again what it was in.
  if (client.joinedRooms.includes(room)) {
    become(place, 'joined', undefined)
    return
  }
  place.asking = true
  const { last } = place
  client.joinRoom(room, last > 0 ? { last } : undefined).then(
    () => {
      place.asking = false
      become(place, 'joined', undefined)
    },
    (error: unknown) => {
      place.asking = false
      const { code = '' } = error as { code?: string }
      if (!passing.includes(code)) become(place, 'refused', error as Error)
      // Without a connection the next one is waited for.
      else if (client.state === 'connected' && place.users > 0) {
        place.retry?.()
        place.retry = systemClock.after(retryAfter, () => join(client, room, place))
      }
    },
  )
}

function become(place: Place, state: RoomState, error: Error | undefined): void {
  if (place.state === state && place.error === error) return
  place.state = state
  place.error = error
  for (const listener of [...place.listeners]) listener()
}
