// The notifications of a user, over a client.
import type { Envelope } from '../client/protocol-map'
import { askPermission, permission, play, show } from './alerts'
import type { Connection } from './connection'
import type { NotificationIds, NotificationPayload, NotificationPriority } from './notification-protocol'
import { NotificationState, atLeast, readNotification } from './notification-state'
import { type BrowserNotification, isSeen } from './page'
import { ClientStore, type Surroundings } from './store'
import type { SomeClient } from './use-messages'
import type { AppNotification, BrowserPermission, UseNotificationsOptions } from './use-notifications'

interface Shown {
  notifications: readonly AppNotification[]
  unread: number
  highest: NotificationPriority | undefined
  permission: BrowserPermission
}

const nothing: Shown = { notifications: [], unread: 0, highest: undefined, permission: 'unsupported' }
/** Of the browser's, those that are closed when what they show is read. */
const mostShown = 50

export class NotificationStore extends ClientStore<Shown> {
  readonly actions = {
    markRead: (...ids: string[]) => this.mark('notification.read', ids),
    markAllRead: () => this.mark('notification.read', undefined),
    dismiss: (...ids: string[]) => this.mark('notification.dismiss', ids),
    clear: () => this.mark('notification.dismiss', undefined),
    requestPermission: async () => {
      const answer = await askPermission()
      this.changed()
      return answer
    },
  }
  /** How components want to be told, as of their latest rendering; the first of them counts. */
  readonly alerts = new Set<{ readonly current: UseNotificationsOptions }>()
  readonly hears = new Set<(notification: AppNotification) => void>()
  readonly clicks = new Set<(notification: AppNotification) => void>()
  private readonly state: NotificationState
  private readonly displayed = new Map<string, BrowserNotification>()

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    private readonly options: UseNotificationsOptions,
  ) {
    super(surroundings, connection)
    this.state = new NotificationState(options.limit ?? 100)
  }

  protected attach(client: SomeClient): void {
    const on = <T>(type: string, handler: (message: Envelope<string, T>) => void): void => {
      const subscription = client.subscribe({ type }, (message: Envelope<string, T>) => {
        try {
          handler(message)
        } finally {
          this.changed()
        }
      })
      this.finally(() => subscription.unsubscribe())
    }
    on<unknown>('notification', ({ payload, timestamp }) => {
      const notification = readNotification(payload, timestamp ?? this.clock.now())
      if (notification !== undefined && this.state.add(notification)) this.tell(notification)
    })
    on<NotificationIds | undefined>('notification.read', ({ payload }) =>
      this.close(this.state.read(payload?.ids)),
    )
    on<NotificationIds | undefined>('notification.dismiss', ({ payload }) =>
      this.close(this.state.dismiss(payload?.ids)),
    )
    if (this.options.load !== true) return
    this.whenConnected(client, () => this.load(client))
  }

  /** What the hub has kept; also after a reconnect, since notifications are no messages of a room. */
  private load(client: SomeClient): void {
    client.request('notification.list', { limit: this.options.limit ?? 100 }).then(
      (list: unknown) => {
        if (!Array.isArray(list)) return
        for (const payload of list as NotificationPayload[]) {
          const notification = readNotification(payload, this.clock.now())
          if (notification !== undefined) this.state.add(notification)
        }
        this.changed()
      },
      // It is in the errors of the client.
      () => undefined,
    )
  }

  private get alertOptions(): UseNotificationsOptions {
    for (const { current } of this.alerts) return current
    return this.options
  }
  private tell(notification: AppNotification): void {
    const { sound = false, soundFrom = 'normal', browser = false, icon } = this.alertOptions
    if (!notification.read) {
      if (sound !== false && atLeast(notification.priority, soundFrom)) {
        if (typeof sound === 'function') sound(notification)
        else play(sound === true ? undefined : sound)
      }
      if (browser === 'always' || (browser && !isSeen())) this.display(notification, icon)
    }
    for (const hears of [...this.hears]) hears(notification)
  }
  private display(notification: AppNotification, icon: string | undefined): void {
    const { id } = notification
    const shown = show(notification, icon, () => {
      this.displayed.delete(id)
      this.mark('notification.read', [id])
      for (const click of [...this.clicks]) click(notification)
    })
    if (shown === undefined) return
    this.displayed.set(id, shown)
    for (const [other] of this.displayed) {
      if (this.displayed.size <= mostShown) break
      this.displayed.delete(other)
    }
  }

  private mark(type: 'notification.read' | 'notification.dismiss', ids: string[] | undefined): void {
    if (ids?.length === 0) return
    const changed = type === 'notification.read' ? this.state.read(ids) : this.state.dismiss(ids)
    this.close(changed)
    if (changed.length > 0 && this.options.sync !== false) {
      this.held?.send(type, ids === undefined ? {} : { ids: changed })
    }
    this.changed()
  }
  /** What has been read need not be shown by the browser any more. */
  private close(ids: readonly string[]): void {
    for (const id of ids) {
      this.displayed.get(id)?.close()
      this.displayed.delete(id)
    }
  }

  protected compose(): Shown {
    const { list, unread, highest } = this.state
    return { notifications: list, unread, highest, permission: permission() }
  }
  protected initial(): Shown {
    return nothing
  }
}
