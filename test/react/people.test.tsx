/** @jest-environment ./test/react/support/environment.cjs */
// Presence, notifications and events over a real hub.
import { act, renderHook, waitFor } from '@testing-library/react'
import { type ReactNode, StrictMode } from 'react'
import { WebSocketClient } from 'hawser'
import { ManualClock, MockWebSocketClient } from 'hawser/testing'
import {
  type CalendarEvent,
  WebSocketProvider,
  manualFrames,
  useEvents,
  useNotifications,
  usePresence,
} from '../../lib/react'
import { until } from '../support/waiters'
import { useSite } from './support/hub'

const site = useSite()
const clients: WebSocketClient[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})

function person<T>(url: string, user: string, hook: () => T): { result: { current: T }; unmount(): void } {
  const client = new WebSocketClient({ url: `${url}?token=${user}`, reconnect: { minDelay: 150 } })
  clients.push(client)
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <StrictMode>
      <WebSocketProvider client={client}>{children}</WebSocketProvider>
    </StrictMode>
  )
  return renderHook(hook, { wrapper })
}

/** A double, with frames and time by hand. */
function double<T>(hook: () => T): {
  mock: MockWebSocketClient
  clock: ManualClock
  result: { current: T }
  frame(): void
  unmount(): void
} {
  const mock = new MockWebSocketClient()
  const clock = new ManualClock()
  const frames = manualFrames()
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <WebSocketProvider client={mock.asClient()} frames={frames} clock={clock}>
      {children}
    </WebSocketProvider>
  )
  return { mock, clock, frame: () => act(() => frames.run()), ...renderHook(hook, { wrapper }) }
}

// -------------------------------------------------------------------------------------------------------- presence

test('users of a room come, change and go; the list is there again after a reconnect', async () => {
  const { hub, url } = await site.open({ presence: { timeout: 10 } })
  const ann = person(url, 'ann', () => usePresence({ room: 'r' }))
  await waitFor(() => expect(ann.result.current.ready).toBe(true))
  const bob = person(url, 'bob', () => usePresence({ room: 'r' }))
  await waitFor(() => expect(ann.result.current.present.map(({ userId }) => userId)).toEqual(['ann', 'bob']))
  act(() => bob.result.current.setStatus('away', { mood: 'tea' }))
  await waitFor(() =>
    expect(ann.result.current.get('bob')).toMatchObject({ status: 'away', custom: { mood: 'tea' } }),
  )
  // The server forgets; the hook says it again.
  hub.ofUser('bob')[0].socket.terminate()
  await until(() => hub.presenceOf('bob')?.status === 'offline')
  await waitFor(() => expect(ann.result.current.statusOf('bob')).toBe('away'))
  bob.unmount()
  await waitFor(() => expect(ann.result.current.users.map(({ userId }) => userId)).toEqual(['ann']))
})

test('single users are watched wherever they are', async () => {
  const { url } = await site.open({ presence: { timeout: 10 } })
  const ann = person(url, 'ann', () => usePresence({ users: ['bob', 'cid'] }))
  await waitFor(() => expect(ann.result.current.users.length).toBe(2))
  expect(ann.result.current.statusOf('bob')).toBe('offline')
  person(url, 'bob', () => usePresence())
  await waitFor(() => expect(ann.result.current.statusOf('bob')).toBe('online'))
  expect(ann.result.current.present.length).toBe(1)
})

test('who reloads the page is not gone in between', async () => {
  const { mock, clock, result, frame } = double(() => usePresence({ room: 'r' }))
  await mock.connect()
  await waitFor(() => expect(mock.requests.length).toBe(1))
  mock.simulateReply({ users: [{ userId: 'bob', status: 'online', lastSeen: 1 }] })
  await act(async () => {
    await Promise.resolve()
    await Promise.resolve()
  })
  const said = (type: string): void =>
    mock.simulateMessage({ type, room: 'r', payload: { userId: 'bob' } } as never)
  said('user_left')
  clock.advance(1999)
  said('user_joined')
  clock.advance(10_000)
  frame()
  expect(result.current.statusOf('bob')).toBe('online')
  said('user_left')
  clock.advance(2000)
  frame()
  expect(result.current.users).toEqual([])
})

test('who left and came again while there was no connection stays', async () => {
  const { mock, clock, result, frame } = double(() => usePresence({ room: 'r' }))
  const users = { users: [{ userId: 'bob', status: 'online', lastSeen: 1 }] }
  await mock.connect()
  await waitFor(() => expect(mock.requests.length).toBe(1))
  mock.simulateReply(users)
  mock.simulateMessage({ type: 'user_left', room: 'r', payload: { userId: 'bob' } } as never)
  await mock.reconnect()
  await waitFor(() => expect(mock.requests.length).toBe(1))
  await act(async () => {
    mock.simulateReply(users)
    await Promise.resolve()
  })
  clock.advance(10_000)
  frame()
  expect(result.current.statusOf('bob')).toBe('online')
})

test('a user that two components watch is watched until both are gone', async () => {
  const mock = new MockWebSocketClient()
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <WebSocketProvider client={mock.asClient()}>{children}</WebSocketProvider>
  )
  const one = renderHook(() => usePresence({ users: ['bob'] }), { wrapper })
  const two = renderHook(() => usePresence({ users: ['bob', 'cid'] }), { wrapper })
  await act(() => mock.connect())
  const unwatched = (): unknown[] =>
    mock.requests.map(({ payload }) => (payload as { unwatch?: string[] }).unwatch).filter(Boolean)
  two.unmount()
  expect(unwatched()).toEqual([['cid']])
  one.unmount()
  expect(unwatched()).toEqual([['cid'], ['bob']])
})

// --------------------------------------------------------------------------------------------------- notifications

test('notifications are counted, marked and dismissed, on all pages of the user', async () => {
  const { notify, url } = await site.open()
  notify('ann', { id: 'old', title: 'before' })
  const [one, two] = [1, 2].map(() => person(url, 'ann', () => useNotifications({ load: true })))
  const seen = (page: typeof one): string[] => page.result.current.notifications.map(({ id }) => id)
  await waitFor(() => expect([seen(one), seen(two)]).toEqual([['old'], ['old']]))
  notify('ann', { id: 'new', title: 'now', priority: 'high', at: Date.now() + 1000 })
  await waitFor(() => expect(seen(two)).toEqual(['new', 'old']))
  await waitFor(() => expect(one.result.current).toMatchObject({ unread: 2, highest: 'high' }))
  act(() => one.result.current.markRead('new'))
  await waitFor(() => expect(two.result.current).toMatchObject({ unread: 1, highest: 'normal' }))
  act(() => one.result.current.dismiss('old'))
  await waitFor(() => expect(seen(two)).toEqual(['new']))
  act(() => two.result.current.clear())
  await waitFor(() => expect(seen(one)).toEqual([]))
})

test('sounds from a priority on; the browser shows what nobody looks at; a click marks it as read', () => {
  const heard: string[] = []
  const shown: { title: string; onclick: (() => void) | null; close(): void }[] = []
  class Fake {
    static permission = 'granted'
    static requestPermission = (): Promise<string> => Promise.resolve('granted')
    onclick: (() => void) | null = null
    constructor(readonly title: string) {
      shown.push(this)
    }
    close = jest.fn()
  }
  Object.assign(globalThis, { Notification: Fake })
  jest.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  jest.spyOn(window, 'focus').mockImplementation(() => undefined)
  const clicked: string[] = []
  const { mock, result, frame } = double(() =>
    useNotifications({
      sound: ({ id }) => heard.push(id),
      soundFrom: 'high',
      browser: true,
      onClick: ({ id }) => clicked.push(id),
      limit: 3,
    }),
  )
  const said = (id: string, priority?: string): void =>
    mock.simulateMessage('notification', { id, title: `title ${id}`, priority })
  for (const id of ['a', 'a']) said(id)
  said('b', 'urgent')
  said('', 'urgent')
  frame()
  expect(heard).toEqual(['b'])
  expect(shown.map(({ title }) => title)).toEqual(['title a', 'title b'])
  expect(result.current).toMatchObject({ unread: 2, permission: 'granted' })
  act(() => shown[1].onclick?.())
  frame()
  expect(clicked).toEqual(['b'])
  expect(result.current.unread).toBe(1)
  act(() => result.current.markAllRead())
  expect(shown[0].close).toHaveBeenCalled()
  for (const id of ['c', 'd']) said(id)
  frame()
  expect(result.current.notifications.length).toBe(3)
})

// ----------------------------------------------------------------------------------------------------------- events

test('events are made, changed and taken away for all members of the room', async () => {
  const { url } = await site.open()
  const ann = person(url, 'ann', () => useEvents({ room: 'team' }))
  const bob = person(url, 'bob', () => useEvents({ room: 'team' }))
  await waitFor(() =>
    expect([ann, bob].map(({ result }) => result.current.isLoading)).toEqual([false, false]),
  )
  const startsAt = Date.now() + 3_600_000
  const made = await ann.result.current.create({ title: 'Standup', startsAt })
  expect(made).toMatchObject({ title: 'Standup', createdBy: 'ann' })
  await waitFor(() => expect(bob.result.current.upcoming).toMatchObject([{ id: made.id }]))
  await bob.result.current.update({ id: made.id, title: 'Retro' })
  await waitFor(() => expect(ann.result.current.events).toMatchObject([{ title: 'Retro', startsAt }]))
  await expect(bob.result.current.update({ id: 'nothing' })).rejects.toMatchObject({
    serverCode: 'NOT_FOUND',
  })
  await ann.result.current.remove(made.id)
  await waitFor(() => expect(bob.result.current.events).toEqual([]))
})

test('reminders come due at their time, once; snoozed ones again, dismissed ones never', async () => {
  const due: string[] = []
  const { mock, clock, result, frame, unmount } = double(() =>
    useEvents({ remindBefore: 100, onReminder: ({ event }) => due.push(event.id) }),
  )
  await mock.connect()
  const event = (id: string, startsAt: number, more: object = {}): CalendarEvent => ({
    id,
    title: id,
    startsAt,
    ...more,
  })
  const list = [
    event('a', 1000),
    event('b', 1000, { remindBefore: 500 }),
    event('c', 900, { remindBefore: false }),
  ]
  await waitFor(() => expect(mock.requests.length).toBe(1))
  mock.simulateReply(list)
  await act(async () => {
    await Promise.resolve()
    await Promise.resolve()
  })
  frame()
  expect(result.current.events.map(({ id }) => id)).toEqual(['c', 'a', 'b'])
  clock.advance(499)
  expect(due).toEqual([])
  clock.advance(1)
  frame()
  expect(due).toEqual(['b'])
  expect(result.current.reminders).toMatchObject([{ event: { id: 'b' }, at: 500 }])
  act(() => result.current.snooze('b', 50))
  clock.advance(50)
  expect(due).toEqual(['b', 'b'])
  clock.advance(350)
  expect(due).toEqual(['b', 'b', 'a'])
  act(() => result.current.dismissReminder('a'))
  frame()
  expect(result.current.reminders.map(({ event: { id } }) => id)).toEqual(['b'])
  // An event that is moved reminds anew.
  mock.simulateMessage('event.updated', event('a', 5000))
  clock.advance(4000)
  expect(due).toEqual(['b', 'b', 'a', 'a'])
  clock.advance(1000)
  frame()
  expect(result.current.upcoming).toEqual([])
  unmount()
  expect(clock.pending).toBe(0)
})
