// Sockets and servers over the double of the native part, brought to where a test begins.
import { WebSocket, WebSocketServer } from '../../../lib'
import type { NativeConnect } from '../../../types/native'
import type { ServerOptions, UpgradeRequest, WebSocketOptions } from '../../../lib'
import { In, Out } from '../../../lib/native/records'
import { native, turn } from './fake-native'
import type { Sent } from './fake-reactor'

export const clean = 1 << 16

/** A client that is connecting, and its slot once there is one. */
export function connecting(options: WebSocketOptions = {}, url = 'ws://example.test/path'): WebSocket {
  return new WebSocket(url, [], options)
}

/** Fields of an `open` record. */
export function openFields(
  options: { protocol?: string; extensions?: string; headers?: string[] } = {},
): string {
  const { protocol = '', extensions = '', headers = [] } = options
  return [protocol, extensions, '192.0.2.1', '80', '', '', '', '0', '0', '', '', ...headers, ''].join('\n')
}

/** An open client. Records written so far are taken away. */
export function opened(
  options: WebSocketOptions = {},
  fields = openFields(),
): { ws: WebSocket; slot: number } {
  const ws = connecting(options)
  const { slot } = native().connects.at(-1)!
  native().reactor.deliver(In.open, slot, { data: fields })
  native().reactor.take()
  return { ws, slot }
}

/** The same in the turn behind `open`, so that its records flow. */
export async function flowing(...args: Parameters<typeof opened>): Promise<ReturnType<typeof opened>> {
  const pair = opened(...args)
  await turn()
  return pair
}

/** The peer sends messages. */
export function say(slot: number, ...messages: (string | Uint8Array)[]): void {
  for (const message of messages) native().reactor.message(slot, message)
  native().reactor.publish()
}

/** Fields of a `connection` or `upgrade` record. */
export function requestFields(
  options: { protocol?: string; extensions?: string; headers?: string[] } = {},
): string {
  const { protocol = '', extensions = '', headers = ['Host', 'example.test'] } = options
  const where = ['192.0.2.7', '50000', '192.0.2.1', '80', '/chat?x=1']
  return [...where, protocol, extensions, '', '', '', '', '0', '', '', ...headers, ''].join('\n')
}

/** A server that listens, and its id. */
export async function listening(
  options: Partial<ServerOptions> = {},
): Promise<{ server: WebSocketServer; id: number }> {
  const server = new WebSocketServer({ port: 0, ...options })
  await new Promise<void>((resolve) => process.nextTick(resolve))
  const { id } = native().listens.at(-1)!
  native().reactor.deliver(In.listening, id, { data: '127.0.0.1\n8080\nIPv4' })
  // What comes behind it waits for the next turn.
  await turn()
  native().reactor.take()
  return { server, id }
}

/** A server's socket, fresh from its `connection` event. */
export function accepted(
  server: WebSocketServer,
  id: number,
  fields = requestFields(),
): { ws: WebSocket; slot: number; request: UpgradeRequest } {
  const slot = native().slot()
  let got: [WebSocket, UpgradeRequest] | undefined
  server.once('connection', (socket, request) => {
    got = [socket, request]
  })
  native().reactor.deliver(In.connection, slot, { aux: id, data: fields })
  return { ws: got![0], slot, request: got![1] }
}

/** The peer or the network ends a connection; the reactor gives the slot out again. */
export function ends(slot: number, code = 1000, reason = '', wasClean = true): void {
  native().reactor.deliver(In.close, slot, { aux: code | (wasClean ? clean : 0), data: Buffer.from(reason) })
  native().freeSlot(slot)
}

/** The attempt that was made last. */
export const last = (): { slot: number; settings: NativeConnect } => native().connects.at(-1)!

/** An answer other than 101, with the records that follow it. */
export function answers(slot: number, status: number, headers: string[] = [], body = ''): void {
  const fields = ['Reason', String(headers.length / 2), ...headers, '', body].join('\n')
  native().reactor.write(In.response, slot, { aux: status, data: fields })
  native().reactor.write(In.error, slot, { aux: 9, data: `0\nThe server answered ${status}.` })
  ends(slot, 1006, '', false)
}

/** Records that JavaScript wrote since the last look, by their names. */
export function written(): (Omit<Sent, 'kind' | 'data'> & { kind: string; text: string })[] {
  const names = Object.keys(Out)
  return native()
    .reactor.take()
    .map(({ kind, data, ...rest }) => ({ ...rest, kind: names[kind], text: data.toString() }))
}

/** Only the kinds. */
export function kinds(): string[] {
  return written().map((record) => record.kind)
}

/** Every event of a socket in order: name and arguments. */
export function watch(ws: WebSocket): unknown[][] {
  const seen: unknown[][] = []
  for (const name of [
    'open',
    'message',
    'ping',
    'pong',
    'drain',
    'error',
    'close',
    'upgrade',
    'redirect',
  ] as const) {
    ws.on(name, (...args: unknown[]) => seen.push([name, ...args]))
  }
  return seen
}
