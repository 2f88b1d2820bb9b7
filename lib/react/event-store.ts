// A shared calendar over a client, and reminders of its events.
import type { Envelope } from '../client/protocol-map'
import type { RequestOptions } from '../index'
import type { Connection } from './connection'
import { stateError } from './engine'
import type { CalendarEvent, CalendarEventChange, NewCalendarEvent } from './event-protocol'
import { whenSeen } from './page'
import { Reminders } from './reminders'
import { type RoomLease, enterRoom } from './rooms'
import { ClientStore, type Surroundings } from './store'
import type { EventReminder, UseEventsOptions } from './use-events'
import type { SomeClient } from './use-messages'

interface Shown {
  events: readonly CalendarEvent[]
  upcoming: readonly CalendarEvent[]
  reminders: readonly EventReminder[]
  isLoading: boolean
  error: Error | undefined
}

const nothing: Shown = { events: [], upcoming: [], reminders: [], isLoading: true, error: undefined }
const mostEvents = 5000

export class EventStore extends ClientStore<Shown> {
  readonly actions = {
    create: (event: NewCalendarEvent) =>
      this.ask<CalendarEvent>('event.create', event).then((made) => this.put(made)),
    update: (change: CalendarEventChange) =>
      this.ask<CalendarEvent>('event.update', change).then((changed) => this.put(changed)),
    remove: async (id: string) => {
      await this.ask('event.delete', { id })
      this.drop(id)
    },
    dismissReminder: (id: string) => this.settle(() => this.reminders.dismiss(id)),
    snooze: (id: string, ms = 300_000) => this.settle(() => this.reminders.snooze(id, this.clock.now() + ms)),
    reload: () => this.load(),
  }
  readonly hears = new Set<(reminder: EventReminder) => void>()
  private readonly events = new Map<string, CalendarEvent>()
  private readonly reminders: Reminders
  private place: RoomLease | undefined
  private loading = true
  private failure: Error | undefined
  private turn = 0
  private timer: (() => void) | undefined
  private view: Shown | undefined

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    private readonly options: UseEventsOptions,
  ) {
    super(surroundings, connection)
    this.reminders = new Reminders(options.remindBefore ?? 600_000)
  }

  protected attach(client: SomeClient): void {
    const { room } = this.options
    const where = room === undefined ? {} : { where: { '/room': room } }
    const subscription = client.subscribe({ type: 'event.*', ...where }, (message: Envelope) =>
      this.receive(message),
    )
    this.finally(() => subscription.unsubscribe())
    if (room !== undefined) {
      const place = enterRoom(client, room, 0, () => {
        if (place.state === 'joined') this.load()
        this.news()
      })
      this.place = place
      this.finally(() => {
        place.release()
        this.place = undefined
      })
      if (place.state === 'joined') this.load()
    } else this.whenConnected(client, () => this.load())
    // Timers of a page that nobody looks at come late.
    this.finally(whenSeen(() => this.remind()))
    this.remind()
    this.finally(() => {
      this.turn++
      this.timer?.()
      this.timer = undefined
    })
  }

  private receive({ type, payload }: Envelope): void {
    const event = (payload ?? {}) as CalendarEvent
    if (typeof event.id !== 'string') return
    if (type === 'event.deleted') this.drop(event.id)
    else if (type === 'event.created' || type === 'event.updated') this.put(event)
  }
  private put(event: CalendarEvent): CalendarEvent {
    if (this.events.size >= mostEvents && !this.events.has(event.id)) return event
    this.events.set(event.id, event)
    this.reminders.note(event, this.clock.now())
    this.remind()
    this.news()
    return event
  }
  private drop(id: string): void {
    this.events.delete(id)
    this.reminders.forget(id)
    this.news()
  }

  private ask<T>(type: string, payload?: unknown): Promise<T> {
    const client = this.held
    if (client === undefined) return Promise.reject(stateError('There is no client yet'))
    const { room } = this.options
    const options: RequestOptions = room === undefined ? {} : { room }
    return client.request(type, payload, options) as Promise<T>
  }
  private load(): void {
    const turn = ++this.turn
    this.loading = true
    this.news()
    this.ask<unknown>('event.list').then(
      (reply: unknown) => {
        if (turn !== this.turn) return
        const list = Array.isArray(reply) ? (reply as CalendarEvent[]) : []
        this.events.clear()
        for (const event of list.slice(0, mostEvents)) {
          this.events.set(event.id, event)
          this.reminders.note(event, this.clock.now())
        }
        this.reminders.keepOnly(new Set(this.events.keys()))
        this.loading = false
        this.failure = undefined
        this.remind()
        this.news()
      },
      (error: unknown) => {
        if (turn !== this.turn) return
        this.loading = false
        this.failure = error as Error
        this.news()
      },
    )
  }

  /** Tells what is due, and plans the next time: a reminder, or an event that ends. */
  private remind(): void {
    const now = this.clock.now()
    const due = this.reminders.run(now)
    if (due.length > 0) this.news()
    this.plan(now)
    for (const id of due) {
      const event = this.events.get(id)
      if (event !== undefined) for (const hears of [...this.hears]) hears({ event, at: now })
    }
  }
  private plan(now: number): void {
    this.timer?.()
    this.timer = undefined
    let next = this.reminders.deadline
    for (const { startsAt, endsAt = startsAt } of this.events.values()) {
      if (endsAt > now) next = Math.min(next, endsAt)
    }
    if (next === Infinity || !this.inUse) return
    // An hour at most: the clock may be set, and the machine may sleep.
    this.timer = this.clock.after(Math.min(next - now, 3_600_000), () => {
      this.remind()
      this.news()
    })
  }
  private settle(act: () => void): void {
    act()
    this.remind()
    this.news()
  }

  private news(): void {
    this.view = undefined
    this.changed()
  }
  protected compose(): Shown {
    if (this.view !== undefined) return this.view
    const now = this.clock.now()
    const events = [...this.events.values()].sort((a, b) => a.startsAt - b.startsAt)
    const refused = this.place?.error
    return (this.view = {
      events,
      upcoming: events.filter(({ startsAt, endsAt = startsAt }) => endsAt > now),
      reminders: this.reminders.due(this.events),
      isLoading: this.loading && refused === undefined,
      error: refused ?? this.failure,
    })
  }
  protected initial(): Shown {
    return nothing
  }
}
