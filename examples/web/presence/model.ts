// What people say of themselves, and where they are on the floor.
import type { Presence } from 'hawser/react'

export const places = ['Desk', 'Library', 'Kitchen', 'Meeting', 'On the road'] as const
export type Place = (typeof places)[number]

/** `custom` of a presence on this page. */
export interface Whereabouts {
  place: Place
  note: string
}

/** What somebody said of themselves; others may have sent anything. */
export function whereaboutsOf({ custom }: Pick<Presence, 'custom'>): Whereabouts {
  const { place, note } = (custom ?? {}) as Partial<Whereabouts>
  return {
    place: places.find((one) => one === place) ?? 'Desk',
    note: typeof note === 'string' ? note.slice(0, 80) : '',
  }
}

/** Those who are there by place, in the order of their names; then those who have gone. */
export function floorOf(users: readonly Presence[]): { rooms: Map<Place, Presence[]>; gone: Presence[] } {
  const sorted = [...users].sort((one, other) => one.userId.localeCompare(other.userId))
  const rooms = new Map<Place, Presence[]>(places.map((place) => [place, []]))
  const gone: Presence[] = []
  for (const user of sorted) {
    if (user.status === 'offline') gone.push(user)
    else rooms.get(whereaboutsOf(user).place)?.push(user)
  }
  return { rooms, gone }
}
