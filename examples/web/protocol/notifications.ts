// What the notifications page says beside `NotificationProtocol` of hawser/react: it lets everybody write some.
import type { NotificationPriority, NotificationProtocol } from 'hawser/react'

export interface NotificationDraft {
  /** A user; null: everybody. */
  to: string | null
  title: string
  body: string
  priority: NotificationPriority
}

export interface NotificationAppProtocol {
  receive: NotificationProtocol['receive']
  send: NotificationProtocol['send']
  requests: NotificationProtocol['requests'] & {
    /** The reply is how many people get it. */
    'notification.post': { request: NotificationDraft; reply: number }
  }
}
