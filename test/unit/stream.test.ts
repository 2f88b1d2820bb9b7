// createWebSocketStream: both directions, backpressure, every way to end.
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket } from '../../lib'
import { In } from '../../lib/native/records'
import { native, turn } from './support/fake-native'
import { connecting, ends, flowing, kinds, openFields, say, written } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

async function streaming(
  options?: Parameters<typeof createWebSocketStream>[1],
  socket?: Parameters<typeof flowing>[0],
): Promise<{ ws: WebSocket; slot: number; stream: Duplex; events: string[] }> {
  const { ws, slot } = await flowing(socket)
  const stream = createWebSocketStream(ws, options)
  const events: string[] = []
  for (const name of ['end', 'finish', 'close', 'error']) stream.on(name, () => events.push(name))
  return { ws, slot, stream, events }
}

test('messages are read as bytes, or as they are in object mode', async () => {
  const bytes = await streaming()
  const seen: unknown[] = []
  bytes.stream.on('data', (chunk) => seen.push(chunk))
  say(bytes.slot, 'text', Buffer.from([1]))
  await turn()
  expect(seen).toEqual([Buffer.from('text'), Buffer.from([1])])
  const objects = await streaming({ readableObjectMode: true })
  const whole: unknown[] = []
  objects.stream.on('data', (chunk) => whole.push(chunk))
  say(objects.slot, 'text', Buffer.from([1]))
  await turn()
  expect(whole).toEqual(['text', Buffer.from([1])])
  ends(bytes.slot)
  ends(objects.slot)
})

test('a full reader pauses the peer and a reader that goes on resumes it', async () => {
  const { slot, stream, ws } = await streaming({ readableHighWaterMark: 10 })
  say(slot, 'x'.repeat(8), 'y'.repeat(8), 'held')
  expect(ws.isPaused).toBe(true)
  expect(kinds()).toContain('pause')
  const read: string[] = []
  stream.on('data', (chunk: Buffer) => read.push(String(chunk)))
  await turn(4)
  expect(read.join('')).toBe(`${'x'.repeat(8)}${'y'.repeat(8)}held`)
  expect(kinds()).toContain('resume')
  ends(slot)
})

test('a writer waits for drain', async () => {
  const { slot, stream, ws } = await streaming({}, { highWaterMark: 30 })
  let done = 0
  for (let i = 0; i < 3; i++) stream.write(Buffer.alloc(15), () => done++)
  await turn()
  expect(written()).toHaveLength(2)
  expect(done).toBe(1)
  native().reactor.flushed(slot, ws._queued, ws._sent)
  native().reactor.deliver(In.drain, slot)
  await turn()
  expect(written()).toHaveLength(1)
  expect(done).toBe(3)
  ends(slot)
})

test('what is written while connecting goes out at open', async () => {
  const ws = connecting()
  const stream = createWebSocketStream(ws)
  stream.write('early')
  const { slot } = native().connects.at(-1)!
  kinds()
  native().reactor.deliver(In.open, slot, { data: openFields() })
  await turn()
  expect(written()).toMatchObject([{ kind: 'send', text: 'early' }])
  ends(slot)
})

test('end() closes with 1000; the stream is over when the socket is', async () => {
  const { slot, stream, events } = await streaming()
  stream.resume()
  stream.end('last')
  await turn()
  expect(written()).toMatchObject([{ kind: 'send' }, { kind: 'close', aux: 1000 }])
  expect(events).toEqual([])
  ends(slot)
  await turn(2)
  expect(events).toEqual(expect.arrayContaining(['finish', 'end', 'close']))
  expect(events).not.toContain('error')
})

test('a close of the peer ends both sides', async () => {
  const { slot, stream, events } = await streaming()
  stream.resume()
  ends(slot)
  await turn(2)
  expect(events).toEqual(expect.arrayContaining(['end', 'finish', 'close']))
})

test('an error of the socket destroys the stream with it', async () => {
  const { slot, stream, events } = await streaming()
  let error: unknown
  stream.on('error', (thrown) => {
    error = thrown
  })
  native().reactor.deliver(In.error, slot, { aux: 40, data: '0\n' })
  ends(slot, 1006, '', false)
  await turn(2)
  expect(error).toMatchObject({ code: 'PROTOCOL_ERROR' })
  expect(events).toEqual(['error', 'close'])
})

test('destroy() terminates, and tells a writer that waits', async () => {
  const { slot, stream, events } = await streaming({}, { highWaterMark: 20 })
  const errors: unknown[] = []
  stream.write(Buffer.alloc(30), (error) => errors.push(error))
  await turn()
  stream.destroy()
  expect(kinds()).toContain('terminate')
  await turn()
  expect(events).toEqual([])
  ends(slot, 1006, '', false)
  await turn()
  expect(events).toEqual(['close'])
  expect(errors).toHaveLength(1)
  expect(errors[0]).toBeInstanceOf(Error)
})
