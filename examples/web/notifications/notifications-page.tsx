import { type AppNotification, type NotificationPriority, useNotifications } from 'hawser/react'
import { useEffect, useState } from 'react'
import { BellIcon, CheckIcon, CloseIcon } from '../shared/icons'
import { Offline } from '../shared/shell'
import { relativeTime } from '../shared/time'
import { useNow } from '../shared/use-now'
import { PostForm } from './post-form'
import { Settings } from './settings'
import { useSetting } from './use-setting'

const looks: Record<NotificationPriority, string> = {
  low: 'tag',
  normal: 'tag accent',
  high: 'tag signal',
  urgent: 'tag danger',
}

export function NotificationsPage({ name }: { name: string }) {
  const [sound, setSound] = useSetting('sound', false)
  const [browser, setBrowser] = useSetting('browser', false)
  const inbox = useNotifications({ load: true, sound, browser, icon: '../shared/icon.svg' })
  const [unreadOnly, setUnreadOnly] = useState(false)
  const { notifications, unread } = inbox
  const shown = unreadOnly ? notifications.filter(({ read }) => !read) : notifications

  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Notifications · hawser` : 'Notifications · hawser'
  }, [unread])

  return (
    <main className="page board" id="main">
      <section aria-labelledby="inbox-title">
        <Offline>What you mark is told once you are back.</Offline>
        <div className="card inbox">
          <div className="head">
            <h2 id="inbox-title" className="row">
              <span className="bell">
                <BellIcon />
              </span>
              Inbox
              <span
                className={unread > 0 ? 'badge' : 'badge none'}
                role="status"
                aria-label={`${unread} unread`}
              >
                {unread}
              </span>
            </h2>
            <div className="tabs" role="group" aria-label="Which">
              <button type="button" aria-pressed={!unreadOnly} onClick={() => setUnreadOnly(false)}>
                All
              </button>
              <button type="button" aria-pressed={unreadOnly} onClick={() => setUnreadOnly(true)}>
                Unread
              </button>
            </div>
            <div className="row">
              <button
                className="button tiny"
                type="button"
                disabled={unread === 0}
                onClick={inbox.markAllRead}
              >
                Mark all read
              </button>
              <button
                className="button tiny quiet"
                type="button"
                disabled={notifications.length === 0}
                onClick={inbox.clear}
              >
                Clear
              </button>
            </div>
          </div>
          {shown.length === 0 ? (
            <div className="empty">
              <BellIcon />
              <strong>{unreadOnly ? 'All read' : 'Nothing to tell'}</strong>
              <span>Send yourself something, or everybody.</span>
            </div>
          ) : (
            <ul className="list" aria-label="Notifications">
              {shown.map((notification) => (
                <Item key={notification.id} notification={notification} inbox={inbox} />
              ))}
            </ul>
          )}
        </div>
      </section>
      <aside className="stack">
        <PostForm name={name} />
        <Settings
          sound={sound}
          onSound={setSound}
          browser={browser}
          onBrowser={setBrowser}
          permission={inbox.permission}
          ask={inbox.requestPermission}
        />
      </aside>
    </main>
  )
}

function Item({
  notification,
  inbox,
}: {
  notification: AppNotification
  inbox: Pick<ReturnType<typeof useNotifications>, 'markRead' | 'dismiss'>
}) {
  const { id, title, body, priority, at, read, data } = notification
  const now = useNow()
  const from = (data as { from?: string } | undefined)?.from
  return (
    <li className={read ? `item read ${priority}` : `item ${priority}`}>
      <div className="grow">
        <p className="what">
          {!read && <span className="dot fresh" aria-label="Unread" role="img" />}
          <strong>{title}</strong>{' '}
          {priority !== 'normal' && <span className={looks[priority]}>{priority}</span>}
        </p>
        {body !== '' && <p>{body}</p>}
        <p className="small muted">
          {from !== undefined && from !== '' && <>{from}, </>}
          <time dateTime={new Date(at).toISOString()}>{relativeTime(at, now)}</time>
        </p>
      </div>
      {!read && (
        <button
          className="button icon quiet"
          type="button"
          aria-label={`Mark as read: ${title}`}
          onClick={() => inbox.markRead(id)}
        >
          <CheckIcon />
        </button>
      )}
      <button
        className="button icon quiet"
        type="button"
        aria-label={`Dismiss: ${title}`}
        onClick={() => inbox.dismiss(id)}
      >
        <CloseIcon />
      </button>
    </li>
  )
}
