// The notifications' half of the hub: keeps what each user was told, and which of it was read.
import { randomUUID } from 'node:crypto'
import { Journal } from './journal.mjs'
import { nameOfToken } from './users.mjs'

/** @typedef {import('hawser/react').NotificationPayload} Notification */
/** @typedef {{ for: string, add?: Notification, read?: string[] | undefined, dismiss?: string[] | undefined, all?: boolean }} Entry */

const mostUsers = 500
const mostKept = 100
const priorities = ['low', 'normal', 'high', 'urgent']

/** What users were told: newest first. */
export class Inboxes {
  /** @type {Map<string, Notification[]>} */
  #byUser = new Map()

  get users() {
    return [...this.#byUser.keys()]
  }
  /** @param {string} user */
  of(user) {
    return this.#byUser.get(user) ?? []
  }
  /** Somebody is there; who came first goes when there are too many. @param {string} user */
  meet(user) {
    if (!this.#byUser.has(user)) this.#byUser.set(user, [])
    if (this.#byUser.size > mostUsers) this.#byUser.delete(this.users[0] ?? '')
  }
  /** @param {Entry} entry */
  apply({ for: user, add, read, dismiss, all }) {
    this.meet(user)
    let list = this.of(user)
    if (add !== undefined) list = [add, ...list].slice(0, mostKept)
    if (read !== undefined) {
      list = list.map((one) => (all === true || read.includes(one.id) ? { ...one, read: true } : one))
    }
    if (dismiss !== undefined) list = all === true ? [] : list.filter(({ id }) => !dismiss.includes(id))
    this.#byUser.set(user, list)
  }
}

/**
 * @param {import('hawser').Hub<import('../protocol/notifications.js').NotificationAppProtocol>} hub
 * @param {{ HubError: typeof import('hawser').HubError }} hawser
 * @param {string | undefined} data
 */
export function serveNotifications(hub, { HubError }, data) {
  /** @type {Journal<Entry>} */
  const journal = new Journal(data, 'notifications')
  const inboxes = new Inboxes()
  for (const entry of journal.entries) inboxes.apply(entry)
  /** @param {Entry} entry */
  const keep = (entry) => {
    journal.add(entry)
    inboxes.apply(entry)
  }

  hub.handle('notification.list', ({ limit }, { userId = '' }) => {
    inboxes.meet(userId)
    return inboxes.of(userId).slice(0, limit)
  })
  hub.handle('notification.post', ({ to, title, body, priority }, { userId = '' }) => {
    if (typeof title !== 'string' || title.trim() === '' || title.length > 120) {
      throw new HubError('INVALID_MESSAGE', 'A title has 1 to 120 characters')
    }
    if (typeof body !== 'string' || body.length > 500 || !priorities.includes(priority)) {
      throw new HubError('INVALID_MESSAGE', 'A notification is { to, title, body, priority }')
    }
    if (to !== null && (typeof to !== 'string' || nameOfToken(to) === undefined)) {
      throw new HubError('INVALID_MESSAGE', 'Say to whom: a name, or null for everybody')
    }
    const targets = to === null ? inboxes.users : [to]
    for (const user of targets) {
      const add = {
        id: randomUUID(),
        title: title.trim(),
        body,
        priority,
        at: Date.now(),
        data: { from: userId },
      }
      keep({ for: user, add })
      hub.toUser(user).send('notification', add)
    }
    return targets.length
  })
  for (const type of /** @type {const} */ (['notification.read', 'notification.dismiss'])) {
    const field = type === 'notification.read' ? 'read' : 'dismiss'
    hub.on(type, (payload, context) => {
      const { userId } = context
      const ids = payload?.ids
      if (userId === undefined || (ids !== undefined && !Array.isArray(ids))) return
      keep({ for: userId, [field]: ids ?? [], all: ids === undefined })
      hub.toUser(userId).except(context).send(type, payload)
    })
  }
  return () => journal.close()
}
