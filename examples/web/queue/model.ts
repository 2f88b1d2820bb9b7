// What the widgets show, as functions of what is known.
import type { Board } from '../protocol/queue'

export type Place =
  | { state: 'out' }
  | { state: 'waiting'; number: number; ahead: number; wait: number; since: number }
  | { state: 'called'; number: number; desk: number }

/** Milliseconds at a desk that are assumed before anybody has been there. */
const guess = 60_000

/** Milliseconds until somebody with so many ahead comes to one of the desks. */
export function waitOf(ahead: number, { desks, pace }: Pick<Board, 'desks' | 'pace'>): number {
  const free = desks.filter(({ serving }) => serving === null).length
  if (ahead < free) return 0
  return (Math.ceil((ahead - free + 1) / Math.max(1, desks.length)) * (pace === 0 ? guess : pace)) | 0
}

/** Where somebody is. */
export function placeOf(board: Board, name: string): Place {
  const desk = board.desks.find(({ serving }) => serving?.name === name)
  if (desk?.serving) return { state: 'called', number: desk.serving.number, desk: desk.desk }
  const ahead = board.waiting.findIndex((ticket) => ticket.name === name)
  const ticket = board.waiting[ahead]
  if (ticket === undefined) return { state: 'out' }
  return { state: 'waiting', number: ticket.number, ahead, wait: waitOf(ahead, board), since: ticket.since }
}

/** A time as people say it. */
export function about(ms: number): string {
  if (ms < 15_000) return 'any moment'
  if (ms < 90_000) return `about ${Math.max(15, Math.round(ms / 15_000) * 15)} s`
  return `about ${Math.round(ms / 60_000)} min`
}

/** Points of a line over the latest values, in a box of this size: the latest at the right. */
export function pointsOf(values: readonly number[], most: number, width: number, height: number): string {
  const top = Math.max(4, ...values)
  const step = width / Math.max(1, most - 1)
  return values
    .map((value, i) => {
      const x = width - (values.length - 1 - i) * step
      return `${x.toFixed(1)},${(height - (value / top) * height).toFixed(1)}`
    })
    .join(' ')
}
