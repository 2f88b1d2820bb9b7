// What a hub says while its connections are lost again and again.
import type { Hub } from '../../../lib'
import { Random } from '../../support/random'

/** Messages `m` to rooms, numbered in each from 1 on, and a connection lost now and then. @returns how many for each room */
export async function storm(hub: Hub, rooms: readonly string[]): Promise<Map<string, number>> {
  const random = new Random()
  const sent = new Map(rooms.map((room) => [room, 0]))
  for (let step = 0; step < 600; step++) {
    for (let n = random.below(12); n > 0; n--) {
      const room = rooms[random.below(rooms.length)]
      const number = (sent.get(room) ?? 0) + 1
      sent.set(room, number)
      hub.to(room).send('m', number)
    }
    if (random.below(12) === 0) {
      const { connections } = hub
      if (connections.length > 0) {
        const { socket } = connections[random.below(connections.length)]
        if (random.below(2) === 0) socket.terminate()
        else socket.close(1012)
      }
    }
    if (random.below(4) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return sent
}
