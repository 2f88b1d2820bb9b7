// Notifications: unread count, marks, sound, and those of the browser.
import { useEffect, useInsertionEffect, useMemo, useRef } from 'react'
import type { NotificationPriority } from './notification-protocol'
import { useConnection, useLatest, useStoreWith, useSurroundings } from './context'
import { NotificationStore } from './notification-store'
import { sharedStore } from './shared-stores'
import type { SomeClientOption } from './use-messages'

export interface AppNotification {
  id: string
  title: string
  body: string
  priority: NotificationPriority
  /** Milliseconds since the epoch. */
  at: number
  read: boolean
  data: unknown
}

export type BrowserPermission = 'default' | 'granted' | 'denied' | 'unsupported'

export interface UseNotificationsOptions extends SomeClientOption {
  /** Notifications that are kept; the oldest go first. Default 100. */
  limit?: number
  /** Ask the hub at first for what it has kept (`notification.list`). Default false. */
  load?: boolean
  /** Tell the hub what was read or dismissed, so that the user's other pages know. Default true. */
  sync?: boolean
  /** A tone (true), the URL of a sound, or a function. Default false. */
  sound?: boolean | string | ((notification: AppNotification) => void)
  /** The least priority that makes a sound. Default 'normal'. */
  soundFrom?: NotificationPriority
  /** Show them as notifications of the browser: while the page is not looked at (true), or always. Default false. */
  browser?: boolean | 'always'
  /** Picture of those. */
  icon?: string
  onNotification?: (notification: AppNotification) => void
  /** Called when one of the browser's is clicked; it is marked as read then. */
  onClick?: (notification: AppNotification) => void
}

export interface UseNotificationsResult {
  /** Newest first. */
  notifications: readonly AppNotification[]
  unread: number
  /** The highest priority among the unread; undefined when all are read. */
  highest: NotificationPriority | undefined
  markRead(...ids: string[]): void
  markAllRead(): void
  dismiss(...ids: string[]): void
  /** Dismisses all. */
  clear(): void
  /** Whether the browser may show notifications. */
  permission: BrowserPermission
  /** Asks the user; to be called by a click. */
  requestPermission(): Promise<BrowserPermission>
}

/**
 * Notifications of the user. Components below one client share them; the options of the first count: `sound`, `soundFrom`,
 * `browser` and `icon` as of its latest rendering, the others as of the first.
 *
 * @example const { notifications, unread, markRead } = useNotifications({ sound: true, browser: true })
 */
export function useNotifications(options: UseNotificationsOptions = {}): UseNotificationsResult {
  const { client, onNotification, onClick } = options
  const surroundings = useSurroundings()
  const connection = useConnection('useNotifications', client)
  const store = useMemo(
    () =>
      sharedStore(connection, surroundings, 'notifications', () => {
        return new NotificationStore(surroundings, connection, options)
      }),
    // The options are those of the first rendering.
    [connection, surroundings],
  )
  const heard = useLatest(onNotification)
  const clicked = useLatest(onClick)
  const alerts = useRef(options)
  useInsertionEffect(() => {
    alerts.current = options
  })
  useEffect(() => {
    store.alerts.add(alerts)
    store.hears.add(heard)
    store.clicks.add(clicked)
    return () => {
      store.alerts.delete(alerts)
      store.hears.delete(heard)
      store.clicks.delete(clicked)
    }
  }, [store, heard, clicked])
  return useStoreWith(store)
}
