// The dialect of JSON-RPC 2.0: against a server of the rpc-websockets package, and one that says whatever a test wants.
import { Server as RpcServer } from 'rpc-websockets'
import { type WebSocket, WebSocketServer as PeerServer } from 'ws'
import { JsonRpcError, type JsonRpcOptions, jsonRpc } from '../../lib'
import { event, within } from '../support/waiters'
import { rejection, useManaged } from './support/managed'
import { closePeer, urlOf } from './support/peers'

const scope = useManaged()
const fields = (message: unknown) => message as { params: unknown }

test('requests, errors and notifications with a server of another make', async () => {
  const server = new RpcServer({ port: 0, host: '127.0.0.1' })
  scope.defer(() => server.close())
  await event(server as never, 'listening')
  const noted: unknown[] = []
  server.register('sum', (params: unknown) => (params as number[]).reduce((sum, each) => sum + each, 0))
  server.register('note', (params: unknown) => void noted.push(params))
  server.register('noted', () => noted)
  const url = `ws://127.0.0.1:${(server.wss.address() as { port: number }).port}`
  const { client, errors } = await scope.connected(url, { dialect: jsonRpc() })
  expect(await client.request('sum', [1, 2, 3])).toBe(6)
  const error = await rejection(client.request('missing', {}))
  expect(error).toMatchObject({ code: 'SERVER_ERROR', serverCode: -32601 })
  expect(error.message).toContain('Method not found')
  client.send('note', { a: 1 })
  client.send('note', [2])
  expect(await client.request('noted')).toEqual([{ a: 1 }, [2]])
  expect(errors).toEqual([])
})

/** A server in the words of the test; what came is kept, parsed. */
async function raw(options?: JsonRpcOptions) {
  const server = new PeerServer({ port: 0, host: '127.0.0.1' })
  scope.defer(() => closePeer(server))
  await event(server, 'listening')
  const first = new Promise<WebSocket>((resolve) => server.once('connection', resolve))
  const watched = await scope.connected(urlOf(server), { dialect: jsonRpc(options) })
  const socket = await within(first, 'connection')
  const say = (message: unknown): void => socket.send(JSON.stringify(message))
  /** The next message that comes. */
  const next = async (): Promise<unknown> => {
    const [data] = await event<[Buffer]>(socket, 'message')
    return JSON.parse(String(data)) as unknown
  }
  return { watched, client: watched.client, say, next }
}

test('what is sent is what the specification says', async () => {
  const { client, next } = await raw()
  let came = next()
  client.send('update', [1, 2])
  expect(await came).toEqual({ jsonrpc: '2.0', method: 'update', params: [1, 2] })
  came = next()
  client.send('foobar')
  expect(await came).toEqual({ jsonrpc: '2.0', method: 'foobar' })
  came = next()
  void client.request('subtract', { minuend: 42 }).catch(() => undefined)
  expect(await came).toEqual({
    jsonrpc: '2.0',
    method: 'subtract',
    params: { minuend: 42 },
    id: expect.any(String) as string,
  })
  expect(() => client.send('m', 5)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error)
})

test('notifications are routed by the core, with conditions', async () => {
  const { client, say } = await raw()
  const seen: unknown[] = []
  const where = { '/params/s': 'A' }
  client.subscribe({ type: 'tick', where }, (message) => seen.push(message))
  const done = new Promise((resolve) => client.on('end', resolve))
  say({ jsonrpc: '2.0', method: 'tick', params: { s: 'A' } })
  say({ jsonrpc: '2.0', method: 'tick', params: { s: 'B' } })
  say({ jsonrpc: '2.0', method: 'end' })
  await within(done, 'end')
  expect(seen).toEqual([{ jsonrpc: '2.0', method: 'tick', params: { s: 'A' } }])
  // Only what was wanted came up, a record each.
  expect(client.getPerformanceMetrics()).toMatchObject({ delivered: 2, routed: 2, unrouted: 1 })
})

test('the server asks: methods answer, fail with errors of their own or with none of the program’s words', async () => {
  const { client, watched, say, next } = await raw({
    methods: {
      add: ({ a, b }: { a: number; b: number }) => Promise.resolve(a + b),
      nothing: () => undefined,
      refuse: () => {
        throw new JsonRpcError(7, 'no', { why: 'so' })
      },
      crash: () => {
        throw new Error('secret')
      },
    },
  })
  const seen: unknown[] = []
  client.on('add', (message) => seen.push(fields(message).params))
  const ask = (message: object): Promise<unknown> => {
    const came = next()
    say({ jsonrpc: '2.0', ...message })
    return came
  }
  expect(await ask({ method: 'add', params: { a: 1, b: 2 }, id: 5 })).toEqual({
    jsonrpc: '2.0',
    id: 5,
    result: 3,
  })
  expect(await ask({ method: 'nothing', id: 'x' })).toEqual({ jsonrpc: '2.0', id: 'x', result: null })
  expect(await ask({ method: 'refuse', id: 6 })).toEqual({
    jsonrpc: '2.0',
    id: 6,
    error: { code: 7, message: 'no', data: { why: 'so' } },
  })
  expect(await ask({ method: 'crash', id: 7 })).toMatchObject({
    error: { code: -32603, message: 'Internal error' },
  })
  expect(await ask({ method: 'toString', id: 8 })).toMatchObject({ error: { code: -32601 } })
  expect(seen).toEqual([{ a: 1, b: 2 }])
  expect(watched.codes).toEqual(['LISTENER_FAILED'])
})

test('batches: notifications to their handlers, replies to their requests, requests answered together', async () => {
  const { client, say, next } = await raw({ methods: { add: ([a, b]: number[]) => a + b } })
  const seen: unknown[] = []
  client.on('tick', (message) => seen.push(fields(message).params))
  let came = next()
  const asked = client.request('ask')
  const { id } = (await came) as { id: string }
  came = next()
  say([
    { jsonrpc: '2.0', method: 'tick', params: [1] },
    { jsonrpc: '2.0', id, result: 'yes' },
    { jsonrpc: '2.0', method: 'add', params: [1, 2], id: 1 },
    { jsonrpc: '2.0', method: 'gone', id: 2 },
    5,
  ])
  expect(await within(asked, 'reply in a batch')).toBe('yes')
  expect(await came).toEqual([
    { jsonrpc: '2.0', id: 1, result: 3 },
    { jsonrpc: '2.0', id: 2, error: { code: -32601, message: 'Method not found' } },
  ])
  expect(seen).toEqual([[1]])
  expect(client.getPerformanceMetrics()).toMatchObject({ requests: 1, inFlight: 0, lateReplies: 0 })
})

test('errors that name no request, and what is no JSON, are `error` events', async () => {
  const { client, watched, say } = await raw()
  const done = new Promise((resolve) => client.on('end', resolve))
  say({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } })
  say('text')
  say({ jsonrpc: '2.0', id: 'unknown', result: 1 })
  say({ jsonrpc: '2.0', method: 'end' })
  await within(done, 'end')
  expect(watched.codes[0]).toBe('SERVER_ERROR')
})

test('bad options', () => {
  for (const options of [{ methods: { a: 1 } }, { method: {} }, { methods: 5 }]) {
    expect(() => jsonRpc(options as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'INVALID_OPTION' }) as Error,
    )
  }
})
