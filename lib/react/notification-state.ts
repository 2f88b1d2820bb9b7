// Notifications: newest first, what was read, and what is dismissed. Times are passed in.
import type { NotificationPayload, NotificationPriority } from './notification-protocol'
import type { AppNotification } from './use-notifications'

export const notificationPriorities: readonly NotificationPriority[] = ['low', 'normal', 'high', 'urgent']

export function atLeast(priority: NotificationPriority, least: NotificationPriority): boolean {
  return notificationPriorities.indexOf(priority) >= notificationPriorities.indexOf(least)
}

/** What came over the wire, with what it left out; undefined: it is none. */
export function readNotification(payload: unknown, at: number): AppNotification | undefined {
  const given = (payload ?? {}) as Partial<NotificationPayload>
  if (typeof given.id !== 'string' || given.id === '' || typeof given.title !== 'string') return undefined
  const { id, title, body = '', priority = 'normal', read = false, data } = given
  const known = notificationPriorities.includes(priority) ? priority : 'normal'
  return { id, title, body, priority: known, at: given.at ?? at, read, data }
}

/** Ids of what was dismissed, so that a copy that comes late does not bring it back. */
const mostDismissed = 1000

export class NotificationState {
  /** Newest first. */
  list: readonly AppNotification[] = []
  private readonly dismissed = new Set<string>()

  constructor(private readonly limit: number) {}

  /** False: it was there already, or is dismissed. */
  add(notification: AppNotification): boolean {
    const { id } = notification
    if (this.dismissed.has(id) || this.list.some((other) => other.id === id)) return false
    const older = this.list.findIndex(({ at }) => at <= notification.at)
    const list = [...this.list]
    list.splice(older < 0 ? list.length : older, 0, notification)
    this.list = list.slice(0, this.limit)
    return true
  }

  /** Marks those, or all; the ids of those that were unread. */
  read(ids: readonly string[] | undefined): string[] {
    const marked = this.list
      .filter(({ id, read }) => !read && (ids?.includes(id) ?? true))
      .map(({ id }) => id)
    if (marked.length > 0) {
      this.list = this.list.map((one) => (marked.includes(one.id) ? { ...one, read: true } : one))
    }
    return marked
  }

  /** Takes those away, or all; the ids of those that were there. */
  dismiss(ids: readonly string[] | undefined): string[] {
    const gone = this.list.filter(({ id }) => ids?.includes(id) ?? true).map(({ id }) => id)
    for (const id of [...(ids ?? []), ...gone]) this.dismissed.add(id)
    for (const id of this.dismissed) {
      if (this.dismissed.size <= mostDismissed) break
      this.dismissed.delete(id)
    }
    if (gone.length > 0) this.list = this.list.filter(({ id }) => !gone.includes(id))
    return gone
  }

  get unread(): number {
    return this.list.reduce((sum, { read }) => sum + (read ? 0 : 1), 0)
  }
  get highest(): NotificationPriority | undefined {
    const unread = this.list.filter(({ read }) => !read).map(({ priority }) => priority)
    return notificationPriorities.findLast((priority) => unread.includes(priority))
  }
}
