// webSocket() and fromSocket() over real connections: hawser's sockets, those of ws and of the runtime, against a server
// that goes away and comes back.
import { filter, firstValueFrom, lastValueFrom, retry, take, tap, toArray } from 'rxjs'
import { WebSocket as UndiciSocket } from 'undici'
import { WebSocket as WsSocket } from 'ws'
import { HawserError, WebSocket } from '../../lib'
import { type SocketConstructor, fromSocket, retryBackoff, webSocket } from '../../lib/rxjs'
import { deferred, event, until, within } from '../support/waiters'
import type { FarSocket, Received } from './support/far-end'
import { useManaged } from './support/managed'

const scope = useManaged()
const soon = { minDelay: 5, maxDelay: 20, minUptime: 0 }

interface Said {
  type: string
  n?: number
}

/** Answers `echo` with the same. */
const echo = (message: Received, socket: FarSocket): void => {
  if (message.type === 'echo') socket.send(JSON.stringify(message))
}

describe.each<[string, SocketConstructor | undefined]>([
  ['hawser', undefined],
  ['ws', WsSocket],
  ['undici', UndiciSocket],
])('with sockets of %s', (_name, WebSocketCtor) => {
  const subjectOf = (url: string, more: object = {}) => {
    const subject = webSocket<Said>({ url, ...(WebSocketCtor && { WebSocketCtor }), ...more })
    scope.defer(() => subject.unsubscribe())
    return subject
  }

  test('many subscribers, one connection, closed behind the last', async () => {
    const far = await scope.far()
    far.answer = echo
    const closed = deferred<{ code: number }>()
    const subject = subjectOf(far.url, { closeObserver: { next: closed.resolve } })
    const both = [0, 1].map(() => lastValueFrom(subject.pipe(take(2), toArray())))
    for (const n of [1, 2]) subject.next({ type: 'echo', n })
    const expected = [1, 2].map((n) => ({ type: 'echo', n }))
    expect(await within(Promise.all(both), 'echoes')).toEqual([expected, expected])
    await within(closed.promise, 'close')
    await far.until(() => far.sockets.length === 0, 'end of the connection')
    expect(far.accepted).toBe(1)
  })

  test('lost connections come back by themselves; what was sent meanwhile arrives', async () => {
    const far = await scope.far()
    far.answer = echo
    const opened = jest.fn()
    const subject = subjectOf(far.url, { reconnect: soon, openObserver: { next: opened } })
    const seen: (number | undefined)[] = []
    const done = deferred()
    const errors = jest.fn()
    const subscription = subject.subscribe({
      next: ({ n }) => seen.push(n) === 3 && done.resolve(),
      error: errors,
    })
    subject.next({ type: 'echo', n: 1 })
    await until(() => seen.length === 1)
    far.hangUp()
    await until(() => opened.mock.calls.length === 2)
    await far.stop()
    await until(() => !isOpen(subject))
    subject.next({ type: 'echo', n: 2 })
    await far.start()
    subject.next({ type: 'echo', n: 3 })
    await within(done.promise, 'all echoes')
    expect(seen).toEqual([1, 2, 3])
    expect(errors).not.toHaveBeenCalled()
    expect(opened).toHaveBeenCalledTimes(far.accepted)
    subscription.unsubscribe()
  })

  test('streams greet again on each connection', async () => {
    const far = await scope.far()
    const subject = subjectOf(far.url, { reconnect: soon })
    const stream = (name: string) =>
      subject.multiplex(
        () => ({ type: `sub ${name}` }),
        () => ({ type: `unsub ${name}` }),
        ({ type }) => type === name,
      )
    const a = firstValueFrom(stream('a'))
    const b = firstValueFrom(stream('b'))
    await far.messages(2)
    far.hangUp()
    await far.messages(4)
    far.say({ type: 'b' })
    expect(await within(b, 'b')).toEqual({ type: 'b' })
    await far.messages(5)
    far.say({ type: 'a' })
    await within(a, 'a')
    await far.messages(6)
    expect(far.types).toEqual(['sub a', 'sub b', 'sub a', 'sub b', 'unsub b', 'unsub a'])
    expect(far.accepted).toBe(2)
  })

  test('leaving and coming back at once makes a second connection, and the first ends', async () => {
    const far = await scope.far()
    far.answer = echo
    const subject = subjectOf(far.url)
    const first = subject.subscribe()
    await far.connections(1)
    await until(() => isOpen(subject))
    first.unsubscribe()
    const echoed = firstValueFrom(subject)
    subject.next({ type: 'echo', n: 1 })
    expect(await within(echoed, 'echo')).toEqual({ type: 'echo', n: 1 })
    await far.until(() => far.sockets.length === 0, 'end of both')
    expect(far.accepted).toBe(2)
  })

  test('with retryBackoff a server that is not there yet is waited for', async () => {
    const far = await scope.farDown()
    far.answer = echo
    const subject = subjectOf(far.url)
    subject.next({ type: 'echo', n: 1 })
    let failed = 0
    const echoed = firstValueFrom(
      subject.pipe(tap({ error: () => failed++ }), retryBackoff({ minDelay: 5, maxDelay: 20 })),
    )
    await until(() => failed === 2)
    await far.start()
    expect(await within(echoed, 'echo')).toEqual({ type: 'echo', n: 1 })
  })
})

const isOpen = (subject: {
  isConnected$: { subscribe(next: (is: boolean) => void): { unsubscribe(): void } }
}) => {
  let open = false
  subject.isConnected$.subscribe((is) => (open = is)).unsubscribe()
  return open
}

test('an error names what went wrong; what cannot get better is not tried again', async () => {
  const far = await scope.far({ server: { verifyClient: () => false } })
  const subject = webSocket({ url: far.url, reconnect: soon })
  const error = await within(
    lastValueFrom(subject).catch((error: unknown) => error),
    'error',
  )
  expect((error as { error: HawserError }).error).toMatchObject({
    code: 'UNEXPECTED_RESPONSE',
    statusCode: 401,
  })
})

test('options reach the socket: headers, and an address that a function gives', async () => {
  const far = await scope.far()
  let asked = 0
  const url = (): string => `${far.url}?${++asked}`
  const subject = webSocket({ url, options: { headers: { 'X-Key': 'k' } }, reconnect: soon })
  const subscription = subject.subscribe()
  await far.connections(1)
  far.hangUp()
  await far.connections(2)
  subscription.unsubscribe()
  expect(far.requests.map(({ url, headers }) => [url, headers['x-key']])).toEqual([
    ['/?1', 'k'],
    ['/?2', 'k'],
  ])
})

test('binary messages come as the binaryType says', async () => {
  const far = await scope.far()
  far.greet = (socket) => socket.send(Uint8Array.of(1, 2))
  const deserializer = ({ data }: { data: unknown }) => data
  const take1 = (binaryType?: 'arraybuffer' | 'blob') =>
    within(
      firstValueFrom(webSocket({ url: far.url, deserializer, ...(binaryType && { binaryType }) })),
      'bytes',
    )
  expect(await take1()).toEqual(Buffer.of(1, 2))
  expect(await take1('arraybuffer')).toEqual(Uint8Array.of(1, 2).buffer)
  expect(await take1('blob')).toBeInstanceOf(Blob)
})

describe('fromSocket', () => {
  test('on both sides: messages until a clean close', async () => {
    const { client, socket } = await scope.pair()
    const atServer = lastValueFrom(fromSocket(socket).pipe(toArray()))
    const atClient = lastValueFrom(fromSocket(client).pipe(toArray()))
    client.send('to the server')
    client.send(Buffer.of(1))
    socket.send('to the client')
    await event(client, 'message')
    client.close(1000)
    expect(await within(atServer, 'messages')).toEqual(['to the server', Buffer.of(1)])
    expect(await within(atClient, 'messages')).toEqual(['to the client'])
  })

  test('a connection that is lost is an error', async () => {
    const { client, socket } = await scope.pair()
    const messages = lastValueFrom(fromSocket(client)).catch((error: unknown) => error)
    socket.terminate()
    expect(await within(messages, 'error')).toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('a connection that cannot be made likewise, with its own code', async () => {
    const far = await scope.farDown()
    const socket = scope.client(far.url)
    const messages = lastValueFrom(fromSocket(socket)).catch((error: unknown) => error)
    expect(await within(messages, 'error')).toMatchObject({ code: 'CONNECTION_REFUSED' })
  })

  test('who leaves leaves the socket open, and nothing behind', async () => {
    const { client, socket } = await scope.pair()
    const first = firstValueFrom(fromSocket(client).pipe(filter((text) => text === 'b')))
    for (const text of ['a', 'b']) socket.send(text)
    expect(await within(first, 'b')).toBe('b')
    expect(client.readyState).toBe(WebSocket.OPEN)
    client.close()
    await event(client, 'close')
    expect(await lastValueFrom(fromSocket(client), { defaultValue: 'nothing' })).toBe('nothing')
  })

  test('sockets of ws too, and they can be retried with a new one', async () => {
    const far = await scope.far()
    far.greet = (socket) => socket.send('hello')
    const socket = new WsSocket(far.url)
    expect(await within(firstValueFrom(fromSocket(socket).pipe(retry(1))), 'message')).toBe('hello')
    socket.terminate()
  })
})
