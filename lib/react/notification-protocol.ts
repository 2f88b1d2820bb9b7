// What `useNotifications` and its hub say to each other; docs/react.md has it as a table.

export type NotificationPriority = 'low' | 'normal' | 'high' | 'urgent'

/** A notification as the hub sends it, as type `notification`. */
export interface NotificationPayload {
  id: string
  title: string
  body?: string
  /** Default 'normal'. */
  priority?: NotificationPriority
  /** Milliseconds since the epoch; default: the time of the message. */
  at?: number
  read?: boolean
  /** What the program wants to add; JSON. */
  data?: unknown
}
/** Which notifications are meant; all of them without `ids`. */
export interface NotificationIds {
  ids?: string[]
}
/** Said by a client, and by the hub to the user's other clients. */
export interface NotificationMarks {
  'notification.read': NotificationIds
  'notification.dismiss': NotificationIds
}
export interface NotificationProtocol {
  receive: NotificationMarks & { notification: NotificationPayload }
  send: NotificationMarks
  requests: {
    /** What the hub has kept for the user, newest first. */
    'notification.list': { request: { limit: number }; reply: NotificationPayload[] }
  }
}
