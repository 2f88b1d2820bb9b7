// `for await` over a socket.
import { WebSocket } from '../../lib'
import { In } from '../../lib/native/records'
import { native, turn } from './support/fake-native'
import { ends, flowing, kinds, say } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

async function collect(messages: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const message of messages) seen.push(message)
  return seen
}

test.each([1000, 1001, 1005])('ends at a close with %d, after all that came before', async (code) => {
  const { ws, slot } = await flowing()
  const messages = ws[Symbol.asyncIterator]()
  say(slot, 'a', 'b')
  ends(slot, code)
  expect(await collect(messages)).toEqual(['a', 'b'])
  expect(await messages.next()).toEqual({ value: undefined, done: true })
  expect(await collect(ws)).toEqual([])
})

test.each([1006, 1002, 1011, 4000])('throws at a close with %d', async (code) => {
  const { ws, slot } = await flowing()
  const messages = ws[Symbol.asyncIterator]()
  say(slot, 'a')
  ends(slot, code, 'why', code !== 1006)
  expect(await messages.next()).toEqual({ value: 'a', done: false })
  await expect(messages.next()).rejects.toMatchObject({ code: 'ABNORMAL_CLOSE', closeCode: code })
  expect(await messages.next()).toEqual({ value: undefined, done: true })
})

test('throws the error that ended the connection, to one who waits', async () => {
  const { ws, slot } = await flowing()
  const messages = ws[Symbol.asyncIterator]()
  const waiting = [messages.next(), messages.next()]
  native().reactor.deliver(In.error, slot, { aux: 46, data: '0\n' })
  ends(slot, 1006, '', false)
  await expect(waiting[0]).rejects.toMatchObject({ code: 'HEARTBEAT_TIMEOUT' })
  expect(await waiting[1]).toEqual({ value: undefined, done: true })
})

test('pauses the peer while much waits, and loses nothing', async () => {
  const { ws, slot } = await flowing()
  const messages = ws[Symbol.asyncIterator]()
  const texts = Array.from({ length: 1500 }, (_, i) => String(i))
  say(slot, ...texts)
  // A drain yields after some milliseconds; how many turns this takes is the machine's affair.
  while (native().reactor.backlog > 0) await turn()
  expect(ws.isPaused).toBe(true)
  expect(kinds()).toContain('pause')
  const seen: unknown[] = []
  for (let i = 0; i < 1500; i++) {
    const { value } = await messages.next()
    seen.push(value)
    if (i % 100 === 0) await turn()
  }
  expect(seen).toEqual(texts)
  expect(ws.isPaused).toBe(false)
  expect(kinds()).toEqual(['resume'])
  ends(slot)
})

test('leaving the loop lets go of the socket, which stays open', async () => {
  const { ws, slot } = await flowing()
  const loop = (async () => {
    for await (const message of ws) if (message === 'stop') return
  })()
  say(slot, 'go', 'stop', 'after')
  await loop
  expect(ws.readyState).toBe(WebSocket.OPEN)
  expect(ws.eventNames()).toEqual([])
  ends(slot)
})
