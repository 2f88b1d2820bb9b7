// What keeps the event loop and the reactor's thread alive: counted from nothing to nothing in every test.
import { WebSocketServer, configure } from '../../lib'
import { In } from '../../lib/native/records'
import { native, turn } from './support/fake-native'
import { accepted, connecting, ends, listening, opened } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

test('a client, from its making to its end, unless unref', () => {
  const { ws, slot } = opened()
  expect(native().running).toBe(1)
  expect(native().kept).toBe(true)
  ws.unref()
  ws.unref()
  expect(native().kept).toBe(false)
  ws.ref()
  ws.ref()
  expect(native().kept).toBe(true)
  ends(slot)
  expect(native().kept).toBe(false)
  ws.ref()
  expect(native().kept).toBe(false)
})

test('a client that never gets as far as the native part', async () => {
  const ws = connecting({ lookup: () => {} })
  expect(native().kept).toBe(true)
  ws.terminate()
  await turn(2)
  expect(native().kept).toBe(false)
  connecting({ signal: AbortSignal.abort() })
  expect(native().kept).toBe(true)
  await turn(2)
  expect(native().kept).toBe(false)
})

test('a client that ends while unref', () => {
  const { ws, slot } = opened()
  ws.unref()
  ends(slot)
  expect(native().kept).toBe(false)
  const other = opened()
  expect(native().kept).toBe(true)
  ends(other.slot)
  expect(native().kept).toBe(false)
})

test('a redirect counts once', () => {
  const ws = connecting({ followRedirects: true })
  const { slot } = native().connects.at(-1)!
  native().reactor.write(In.response, slot, { aux: 302, data: 'Found\n1\nLocation\n/other\n\n' })
  ends(slot, 1006, '', false)
  expect(native().kept).toBe(true)
  ends(native().connects.at(-1)!.slot, 1006, '', false)
  expect(ws.readyState).toBe(3)
  expect(native().kept).toBe(false)
})

test('a server that listens, and its sockets by themselves', async () => {
  const { server, id } = await listening()
  expect(native().kept).toBe(true)
  server.unref()
  expect(native().kept).toBe(false)
  const { slot } = accepted(server, id)
  expect(native().kept).toBe(true)
  await turn()
  ends(slot)
  expect(native().kept).toBe(false)
  server.ref()
  expect(native().kept).toBe(true)
  const closed = server.close()
  native().reactor.deliver(In.server_closed, id)
  await closed
  expect(native().kept).toBe(false)
})

test('a server that is closed before it began; one without a listener', async () => {
  const server = new WebSocketServer({ port: 0 })
  expect(native().kept).toBe(true)
  await server.close()
  expect(native().kept).toBe(false)
  const none = new WebSocketServer({ noServer: true })
  await turn()
  expect(native().kept).toBe(false)
  const closed = none.close()
  native().reactor.deliver(In.server_closed, native().listens.at(-1)!.id)
  await closed
})

test('threads can be chosen before the first socket only', () => {
  expect(() => configure({ threads: 2 })).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }))
  expect(() => configure({ threads: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => configure({ thread: 2 } as never)).toThrow(/Did you mean `threads`/)
})

test('`await using` closes and waits', async () => {
  const { ws, slot } = opened()
  const disposed = ws[Symbol.asyncDispose]()
  expect(ws.readyState).toBe(2)
  ends(slot)
  await disposed
  await ws[Symbol.asyncDispose]()
})
