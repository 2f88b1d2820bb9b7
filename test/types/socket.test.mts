// What the declarations of the socket and the server accept and refuse, seen from an ES module.
import { expectTypeOf } from 'expect-type'
import { HawserError, WebSocket, WebSocketServer } from 'hawser'

declare const server: WebSocketServer
declare const socket: WebSocket

// Construction
expectTypeOf(WebSocket).toBeConstructibleWith('wss://example.org/path')
expectTypeOf(WebSocket).toBeConstructibleWith(new URL('wss://example.org'), 'chat')
expectTypeOf(WebSocket).toBeConstructibleWith('wss://example.org', ['a', 'b'], {
  headers: { authorization: 'Bearer token' },
  perMessageDeflate: { threshold: 512 },
  maxPayload: 1 << 20,
  handshakeTimeout: 5_000,
  ca: 'certificate',
  rejectUnauthorized: true,
  signal: new AbortController().signal,
})
// @ts-expect-error a URL is needed
new WebSocket()
// @ts-expect-error a limit is a number
new WebSocket('ws://example.org', [], { maxPayload: '1 MiB' })
// @ts-expect-error names of options are checked
new WebSocket('ws://example.org', [], { maxPayloads: 1 })

expectTypeOf(WebSocketServer).toBeConstructibleWith({ port: 0 })
expectTypeOf(WebSocketServer).toBeConstructibleWith({
  port: 8443,
  host: '::',
  path: '/live',
  tls: { cert: 'certificate', key: 'key' },
  heartbeat: { interval: 30_000, timeout: 5_000 },
  origins: ['https://example.org'],
  verify: async (request) => request.headers['authorization'] === 'Bearer token',
})
// @ts-expect-error a port is a number
new WebSocketServer({ port: '80' })

// State
expectTypeOf(socket.readyState).toEqualTypeOf<0 | 1 | 2 | 3>()
expectTypeOf(socket.bufferedAmount).toEqualTypeOf<number>()
expectTypeOf(socket.protocol).toEqualTypeOf<string>()
// @ts-expect-error the state is not for writing
socket.readyState = 1

// Sending
expectTypeOf(socket.send('text')).toEqualTypeOf<boolean>()
expectTypeOf(socket.send(new Uint8Array(1), { binary: true, compress: false })).toEqualTypeOf<boolean>()
socket.send(new ArrayBuffer(1), (error) => {
  expectTypeOf(error).toEqualTypeOf<HawserError | undefined>()
})
// @ts-expect-error objects are not messages
socket.send({ type: 'hello' })
// @ts-expect-error numbers are not messages
socket.send(5)

// Events, emitter shape
socket.on('message', (data, isBinary) => {
  expectTypeOf(data).toEqualTypeOf<string | Buffer>()
  expectTypeOf(isBinary).toEqualTypeOf<boolean>()
})
socket.on('close', (code, reason) => {
  expectTypeOf(code).toEqualTypeOf<number>()
  expectTypeOf(reason).toEqualTypeOf<string>()
})
socket.on('error', (error) => {
  expectTypeOf(error).toEqualTypeOf<HawserError>()
})
// @ts-expect-error a close code is a number
socket.on('close', (code: string) => code)

// Events, W3C shape
socket.onmessage = (event) => {
  expectTypeOf(event).toHaveProperty('data')
}
socket.binaryType = 'arraybuffer'
// @ts-expect-error kinds of binary messages are listed
socket.binaryType = 'text'

// Closing
expectTypeOf(socket.close(1000, 'done')).toEqualTypeOf<void>()
expectTypeOf(socket.terminate()).toEqualTypeOf<void>()
expectTypeOf(server.close()).resolves.toEqualTypeOf<void>()
// @ts-expect-error a close code is a number
socket.close('1000')

// Topics
expectTypeOf(server.publish('topic', 'data')).toEqualTypeOf<boolean>()
expectTypeOf(socket.publish('topic', 'data')).toEqualTypeOf<boolean>()
expectTypeOf(socket.subscribe).parameter(0).toEqualTypeOf<string>()

server.on('connection', (peer, request) => {
  expectTypeOf(peer).toEqualTypeOf<WebSocket>()
  expectTypeOf(request.url).toEqualTypeOf<string>()
})

export async function iterated(): Promise<void> {
  for await (const data of socket) expectTypeOf(data).toEqualTypeOf<string | Buffer>()
}
