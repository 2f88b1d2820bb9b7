/** @jest-environment ./test/react/support/environment.cjs */
// A chat room over a real hub: two users, each with a client of its own.
import { act, renderHook, waitFor } from '@testing-library/react'
import { type ReactNode, StrictMode } from 'react'
import { WebSocketClient } from 'hawser'
import { ManualClock, MockWebSocketClient } from 'hawser/testing'
import {
  type UseChatOptions,
  type UseChatResult,
  WebSocketProvider,
  manualFrames,
  useChat,
} from '../../lib/react'
import { until } from '../support/waiters'
import { useSite } from './support/hub'

const site = useSite()

interface Person {
  readonly chat: UseChatResult
  client: WebSocketClient
  unmount(): void
}
const clients: WebSocketClient[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})

function person(url: string, user: string, options: UseChatOptions = {}): Person {
  const client = new WebSocketClient({ url: `${url}?token=${user}`, reconnect: { minDelay: 20 } })
  clients.push(client)
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <StrictMode>
      <WebSocketProvider client={client}>{children}</WebSocketProvider>
    </StrictMode>
  )
  const { result, unmount } = renderHook(() => useChat('lobby', { user, ...options }), { wrapper })
  return {
    client,
    unmount,
    get chat() {
      return result.current
    },
  }
}
const texts = ({ chat }: Person): string[] => chat.messages.map(({ text }) => text)
const last = ({ chat }: Person): UseChatResult['messages'][number] => chat.messages[chat.messages.length - 1]

test('a message is shown at once, then sent, delivered and read', async () => {
  const { url } = await site.open({ history: true })
  const heard: string[] = []
  const ann = person(url, 'ann')
  const bob = person(url, 'bob', { onMessage: ({ text }) => heard.push(text) })
  await waitFor(() => expect(ann.chat.joined && bob.chat.joined).toBe(true))
  const statuses = new Set<string>()
  act(() => void ann.chat.send('hello'))
  await waitFor(() => expect(last(ann)).toMatchObject({ text: 'hello', own: true, from: 'ann' }))
  statuses.add(last(ann).status)
  await waitFor(() => expect(texts(bob)).toEqual(['hello']))
  await waitFor(() => expect(last(ann).status).toBe('delivered'))
  expect(bob.chat.unread).toBe(1)
  expect(heard).toEqual(['hello'])
  act(() => bob.chat.markRead())
  await waitFor(() => expect(bob.chat.unread).toBe(0))
  await waitFor(() => expect(last(ann)).toMatchObject({ status: 'read', readBy: ['bob'] }))
  expect(ann.chat.readMarks).toEqual({ bob: last(ann).id })
  expect(ann.chat.send('   ')).toBe('')
})

test('reactions are counted by user, and taken back', async () => {
  const { url } = await site.open({ history: true })
  const [ann, bob] = [person(url, 'ann'), person(url, 'bob')]
  await waitFor(() => expect(ann.chat.joined && bob.chat.joined).toBe(true))
  const id = ann.chat.send('cake?')
  await waitFor(() => expect(texts(bob)).toEqual(['cake?']))
  act(() => bob.chat.react(id, '🎂'))
  act(() => ann.chat.react(id, '🎂'))
  await waitFor(() => expect(last(ann).reactions['🎂']?.length).toBe(2))
  await waitFor(() => expect(last(bob).reactions['🎂']?.length).toBe(2))
  act(() => bob.chat.react(id, '🎂', false))
  await waitFor(() => expect(last(ann).reactions).toEqual({ '🎂': ['ann'] }))
})

test('who comes later gets what the room keeps; files travel in the message or go where the program says', async () => {
  const { url } = await site.open({ history: true })
  const ann = person(url, 'ann', { maxInlineSize: 10 })
  const file = (text: string): File => new File([text], 'note.txt', { type: 'text/plain' })
  // jsdom's files cannot be read as buffers.
  const readable = (text: string): File =>
    Object.assign(file(text), {
      arrayBuffer: () => Promise.resolve(new TextEncoder().encode(text).buffer),
    })
  ann.chat.send({ text: 'see', files: [readable('short')] })
  await waitFor(() => expect(last(ann)?.status).toBe('sent'))
  const tooLong = ann.chat.send({ files: [readable('much too long')] })
  await waitFor(() => expect(last(ann)).toMatchObject({ id: tooLong, status: 'failed' }))
  expect(last(ann).error?.message).toContain('`upload`')
  act(() => ann.chat.discard(tooLong))
  const bob = person(url, 'bob', { upload: ({ name }) => Promise.resolve(`https://files.example/${name}`) })
  await waitFor(() => expect(texts(bob)).toEqual(['see']))
  expect(last(bob).files).toEqual([
    { name: 'note.txt', size: 5, type: 'text/plain', url: 'data:text/plain;base64,c2hvcnQ=' },
  ])
  bob.chat.send({ files: [readable('any length at all')] })
  await waitFor(() => expect(last(ann).files[0]?.url).toBe('https://files.example/note.txt'))
})

test('what is said while the connection is away is sent when it is back, in order and once', async () => {
  const { hub, url } = await site.open({ history: true })
  const [ann, bob] = [person(url, 'ann'), person(url, 'bob')]
  await waitFor(() => expect(ann.chat.joined && bob.chat.joined).toBe(true))
  hub.ofUser('ann')[0].socket.terminate()
  await until(() => ann.client.state === 'reconnecting')
  for (const text of ['one', 'two', 'three']) ann.chat.send(text)
  // In the queue of the client, with all that it counts and bounds.
  expect(ann.client.bufferedAmount).toBeGreaterThan(0)
  bob.chat.send('meanwhile')
  await waitFor(() => expect(texts(ann).length).toBe(4))
  await waitFor(() => expect(ann.chat.messages.every(({ status }) => status !== 'sending')).toBe(true))
  await waitFor(() =>
    expect(texts(bob).filter((text) => text !== 'meanwhile')).toEqual(['one', 'two', 'three']),
  )
  expect([...texts(ann)].sort()).toEqual(['meanwhile', 'one', 'three', 'two'])
})

test('a room that may not be joined says so; messages stay where they are', async () => {
  const { url } = await site.open({ authorize: (_connection, action) => action !== 'join' })
  const ann = person(url, 'ann')
  await waitFor(() => expect(ann.chat.error).toMatchObject({ code: 'UNAUTHORIZED' }))
  ann.chat.send('anybody?')
  await waitFor(() => expect(last(ann)).toMatchObject({ status: 'sending' }))
  expect(ann.chat.joined).toBe(false)
})

test('a room that may not be gone on with after a reconnect is not joined any more', async () => {
  let open = true
  const { hub, url } = await site.open({
    history: true,
    authorize: (_connection, action) => action !== 'join' || open,
  })
  const ann = person(url, 'ann')
  await waitFor(() => expect(ann.chat.joined).toBe(true))
  open = false
  hub.ofUser('ann')[0].socket.terminate()
  await waitFor(() => expect(ann.chat.error).toMatchObject({ code: 'UNAUTHORIZED' }))
  expect(ann.chat.joined).toBe(false)
})

// ------------------------------------------------------------------------------------------------ with time by hand

function setUp(options: UseChatOptions = {}): {
  mock: MockWebSocketClient
  clock: ManualClock
  frame(): void
  readonly chat: UseChatResult
  unmount(): void
  /** Shows the room again. */
  mount(): void
} {
  const mock = new MockWebSocketClient()
  const clock = new ManualClock()
  const frames = manualFrames()
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => (
    <WebSocketProvider client={mock.asClient()} frames={frames} clock={clock}>
      {children}
    </WebSocketProvider>
  )
  const show = (): { result: { current: UseChatResult }; unmount(): void } =>
    renderHook(() => useChat('lobby', { user: 'me', ...options }), { wrapper })
  let shown = show()
  return {
    mock,
    clock,
    unmount: () => shown.unmount(),
    mount: () => void (shown = show()),
    frame: () => act(() => frames.run()),
    get chat() {
      return shown.result.current
    },
  }
}
const says = (
  mock: MockWebSocketClient,
  type: string,
  from: string,
  payload: object,
  timestamp = 1000,
): void => mock.simulateMessage({ type, room: 'lobby', timestamp, payload: { from, ...payload } } as never)

test('typing is over after three seconds without another word, or with a message', () => {
  const at = setUp()
  const { mock, clock, frame } = at
  says(mock, 'chat.typing', 'bob', { typing: true })
  says(mock, 'chat.typing', 'cid', { typing: true })
  says(mock, 'chat.typing', 'me', { typing: true })
  frame()
  expect(at.chat.typing).toEqual(['bob', 'cid'])
  clock.advance(2000)
  says(mock, 'chat.typing', 'bob', { typing: true })
  clock.advance(1000)
  frame()
  expect(at.chat.typing).toEqual(['bob'])
  says(mock, 'chat.message', 'bob', { id: 'm1', text: 'hi' })
  frame()
  expect(at.chat.typing).toEqual([])
  // What the room has kept of an hour ago.
  says(mock, 'chat.message', 'bob', { id: 'm2', text: 'hi' }, 3_600_000)
  says(mock, 'chat.typing', 'cid', { typing: true }, 1000)
  frame()
  expect(at.chat.typing).toEqual([])
})

test('one’s own typing is told once a second, and its end', async () => {
  const { mock, clock, ...at } = setUp()
  await mock.connect()
  const chat = (): boolean[] =>
    mock.sent
      .filter(({ type }) => type === 'chat.typing')
      .map(({ payload }) => (payload as { typing: boolean }).typing)
  const { setTyping } = at.chat
  for (let i = 0; i < 5; i++) {
    setTyping()
    clock.advance(250)
  }
  expect(chat()).toEqual([true, true])
  clock.advance(3000)
  expect(chat()).toEqual([true, true, false])
  setTyping()
  at.unmount()
  clock.advance(10_000)
  expect(clock.pending).toBe(0)
})

test('a message that fails can be sent again, or taken away', async () => {
  const at = setUp()
  const { mock, frame } = at
  const before = mock.send.bind(mock)
  let broken = true
  mock.send = ((type: string, ...rest: never[]) =>
    broken && type === 'chat.message' ? Promise.reject(new Error('no')) : before(type, ...rest)) as never
  await mock.connect()
  await Promise.resolve()
  const id = at.chat.send('hello')
  await act(async () => {
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
  })
  frame()
  expect(at.chat.messages).toMatchObject([{ id, status: 'failed', error: { message: 'no' } }])
  broken = false
  // Others that are sent do not take it along.
  at.chat.send('another')
  at.chat.discard(at.chat.send('taken back'))
  expect(mock.sent.filter(({ payload }) => (payload as { id?: string }).id === id)).toEqual([])
  mock.sent.length = 0
  at.chat.retry(id)
  frame()
  expect(mock.sent.filter(({ type }) => type === 'chat.message')).toMatchObject([
    { payload: { id, text: 'hello' } },
  ])
  await act(async () => {
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
  })
  frame()
  expect(at.chat.messages.find((one) => one.id === id)).toMatchObject({ status: 'sent', error: undefined })
})

test('so many of one’s own may wait, before there is a room and behind it; a failed one counts', async () => {
  const at = setUp({ maxPending: 2 })
  const { mock, frame } = at
  const [first] = [at.chat.send('1'), at.chat.send('2')]
  expect(() => at.chat.send('3')).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }) as Error)
  frame()
  expect(at.chat.messages.map(({ text }) => text)).toEqual(['1', '2'])
  expect(mock.sent.filter(({ type }) => type === 'chat.message')).toEqual([])
  at.chat.discard(first)
  at.chat.send('3')
  frame()
  expect(at.chat.messages.map(({ text }) => text)).toEqual(['2', '3'])
  await mock.connect()
  await act(async () => {
    for (let i = 0; i < 5; i++) await Promise.resolve()
  })
  at.chat.send('4')
  frame()
  const sent = mock.sent.filter(({ type }) => type === 'chat.message')
  expect(sent.map(({ payload }) => (payload as { text: string }).text)).toEqual(['2', '3', '4'])
})

test('uploads end when nobody shows the room, and begin anew when somebody does', async () => {
  const uploads: { signal: AbortSignal; done: (url: string) => void; fails: (error: Error) => void }[] = []
  const upload = (_file: unknown, signal: AbortSignal): Promise<string> =>
    new Promise((done, fails) => uploads.push({ signal, done, fails }))
  const at = setUp({ upload })
  const { mock, frame } = at
  const turns = (): Promise<void> =>
    act(async () => {
      for (let i = 0; i < 5; i++) await Promise.resolve()
    })
  await mock.connect()
  await turns()
  const file = { name: 'a', size: 1, type: '', arrayBuffer: () => Promise.reject(new Error('not asked for')) }
  // Holds what would go with the component.
  const { retry, send } = at.chat
  const id = send({ files: [file, file] })
  expect(uploads.map(({ signal }) => signal.aborted)).toEqual([false, false])
  at.unmount()
  expect(uploads.map(({ signal }) => signal.aborted)).toEqual([true, true])
  // One pays no heed, the other fails as it was told.
  uploads[0].done('https://files.example/early')
  uploads[1].fails(new Error('aborted'))
  await turns()
  expect(mock.sent.filter(({ type }) => type === 'chat.message')).toEqual([])
  at.mount()
  await turns()
  frame()
  expect(at.chat.messages).toMatchObject([{ id, status: 'sending', files: [{ url: '' }, { url: '' }] }])
  expect(uploads).toHaveLength(4)
  // One that fails ends the other.
  uploads[2].fails(new Error('no'))
  await turns()
  expect(uploads[3].signal.aborted).toBe(true)
  frame()
  expect(at.chat.messages).toMatchObject([{ id, status: 'failed', error: { message: 'no' } }])
  retry(id)
  for (const { done } of uploads.slice(4)) done('https://files.example/a')
  await turns()
  frame()
  expect(at.chat.messages).toMatchObject([
    { id, status: 'sent', files: [{ url: 'https://files.example/a' }, {}] },
  ])
})

test('a copy of a message changes nothing of it, whoever it is of', () => {
  const at = setUp()
  says(at.mock, 'chat.message', 'bob', { id: 'm', text: 'hello' })
  at.frame()
  const { messages } = at.chat
  const files = [{ name: 'x', size: 1, type: '', url: 'https://elsewhere.example' }]
  says(at.mock, 'chat.message', 'eve', { id: 'm', text: 'bye', files })
  says(at.mock, 'chat.reaction', 'bob', { messageId: 'm', emoji: '!', on: true })
  at.frame()
  expect(at.chat.messages).toEqual([{ ...messages[0], reactions: { '!': ['bob'] } }])
})

test('order is the hub’s, whatever the order of coming; the list has a bound', () => {
  const at = setUp({ limit: 3 })
  const { mock, frame } = at
  for (const [id, time] of [
    ['b', 2],
    ['a', 1],
    ['d', 4],
    ['c', 3],
    ['c', 3],
  ] as const) {
    says(mock, 'chat.message', 'bob', { id, text: id, at: time })
  }
  frame()
  expect(at.chat.messages.map(({ id }) => id)).toEqual(['b', 'c', 'd'])
  const [first] = at.chat.messages
  says(mock, 'chat.reaction', 'bob', { messageId: 'd', emoji: '!', on: true })
  frame()
  // Only the message that changed is another object.
  expect(at.chat.messages[0]).toBe(first)
  expect(at.chat.messages[2].reactions).toEqual({ '!': ['bob'] })
})
