// When to remind of which event. Times are passed in.
import type { CalendarEvent } from './event-protocol'
import type { EventReminder } from './use-events'

interface Asked {
  /** When it is due. */
  at: number
  /** Of that start; an event that is moved reminds anew. */
  startsAt: number
  state: 'waiting' | 'due' | 'dismissed'
}

export class Reminders {
  private readonly asked = new Map<string, Asked>()

  constructor(private readonly before: number | false) {}

  /** An event is there, or has changed. What has ended reminds of nothing. */
  note(event: CalendarEvent, now: number): void {
    const { id, startsAt, endsAt = startsAt, remindBefore = this.before } = event
    const known = this.asked.get(id)
    if (remindBefore === false || endsAt <= now) {
      if (known?.state !== 'due') this.asked.delete(id)
      return
    }
    const at = startsAt - remindBefore
    if (known?.startsAt === startsAt && (known.state !== 'waiting' || known.at === at)) return
    this.asked.set(id, { at, startsAt, state: 'waiting' })
  }
  forget(id: string): void {
    this.asked.delete(id)
  }
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.asked.keys()) if (!ids.has(id)) this.asked.delete(id)
  }

  /** Those that came due by now, each once. */
  run(now: number): string[] {
    const due: string[] = []
    for (const [id, one] of this.asked) {
      if (one.state !== 'waiting' || one.at > now) continue
      one.state = 'due'
      due.push(id)
    }
    return due
  }
  /** When the next comes due; Infinity: none. */
  get deadline(): number {
    let next = Infinity
    for (const { at, state } of this.asked.values()) if (state === 'waiting') next = Math.min(next, at)
    return next
  }

  dismiss(id: string): void {
    const one = this.asked.get(id)
    if (one !== undefined) one.state = 'dismissed'
  }
  snooze(id: string, until: number): void {
    const one = this.asked.get(id)
    if (one === undefined) return
    one.at = until
    one.state = 'waiting'
  }

  /** Those that are due, oldest first. */
  due(events: ReadonlyMap<string, CalendarEvent>): EventReminder[] {
    const list: EventReminder[] = []
    for (const [id, { at, state }] of this.asked) {
      const event = events.get(id)
      if (state === 'due' && event !== undefined) list.push({ event, at })
    }
    return list.sort((a, b) => a.at - b.at)
  }
}
