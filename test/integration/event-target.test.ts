// The W3C shape: handler attributes, addEventListener, event objects, binaryType.
import { OP } from '../support/frames'
import { useScope } from '../support/scope'
import { event, turns } from '../support/waiters'

const scope = useScope()
type MessageLike = { type: string; data: unknown; target: unknown; origin: string }

test('onopen, onmessage and onclose with their events', async () => {
  const { url, server } = await scope.server()
  server.on('connection', (socket) => {
    socket.send('hello')
    socket.close(4001, 'that was all')
  })
  const client = scope.client(url)
  const log: unknown[] = []
  expect([client.onopen, client.onmessage, client.onclose, client.onerror]).toEqual([null, null, null, null])
  client.onopen = (e) => log.push([e.type, e.target === client])
  client.onmessage = (e) => log.push([e.type, e.data, e.target === client, e.origin])
  client.onclose = (e) => log.push([e.type, e.code, e.reason, e.wasClean])
  await event(client, 'close')
  await turns(1)
  expect(log).toEqual([
    ['open', true],
    ['message', 'hello', true, url],
    ['close', 4001, 'that was all', true],
  ])
})

test('onerror comes before onclose, which is not clean', async () => {
  const raw = (await scope.rawServer()).answer((peer) => void peer.reset())
  const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
  const log: unknown[] = []
  client.onerror = (e) => log.push([e.type, typeof e.message, e.error.code])
  client.onclose = (e) => log.push([e.type, e.code, e.wasClean])
  await event(client, 'close')
  await turns(1)
  expect(log).toEqual([
    ['error', 'string', 'CONNECTION_RESET'],
    ['close', 1006, false],
  ])
})

test('handlers are exchanged, removed by null, and what is no function is none', async () => {
  const { peer, socket } = await scope.session('client')
  const log: string[] = []
  const first = (): unknown => log.push('first')
  socket.onmessage = first
  expect(socket.onmessage).toBe(first)
  socket.onmessage = () => log.push('second')
  peer.text('x')
  await event(socket, 'message')
  await turns(1)
  expect(log).toEqual(['second'])
  socket.onmessage = null
  socket.onmessage = 'nonsense' as never
  expect(socket.onmessage).toBeNull()
  peer.text('y')
  await event(socket, 'message')
  await turns(1)
  expect(log).toEqual(['second'])
})

test('addEventListener: order, once, the same twice, handleEvent, removal, signal', async () => {
  const { peer, socket } = await scope.session('client')
  const log: string[] = []
  const plain = (): unknown => log.push('plain')
  const removed = (): unknown => log.push('removed')
  const object = { handleEvent: (e: MessageLike) => log.push(`object ${String(e.data)}`) }
  const abort = new AbortController()
  socket.addEventListener('message', plain)
  socket.addEventListener('message', plain)
  socket.addEventListener('message', removed)
  socket.addEventListener('message', () => log.push('once'), { once: true })
  socket.addEventListener('message', object)
  socket.addEventListener('message', () => log.push('signal'), { signal: abort.signal })
  socket.addEventListener('message', null)
  socket.removeEventListener('message', removed)
  socket.removeEventListener('message', () => {})
  peer.text('1')
  await event(socket, 'message')
  await turns(1)
  expect(log).toEqual(['plain', 'once', 'object 1', 'signal'])
  abort.abort()
  socket.removeEventListener('message', object)
  log.length = 0
  peer.text('2')
  await event(socket, 'message')
  await turns(1)
  expect(log).toEqual(['plain'])
})

test('the function is called with the socket as `this`', async () => {
  const { peer, socket } = await scope.session('client')
  const self = new Promise((resolve) => {
    socket.addEventListener('message', function (this: unknown) {
      resolve(this)
    })
  })
  peer.text('x')
  expect(await self).toBe(socket)
})

test('emitter listeners and W3C listeners both get a message', async () => {
  const { peer, socket, received } = await scope.session('client')
  const data: unknown[] = []
  socket.addEventListener('message', (e) => data.push(e.data))
  peer.text('a').send({ opcode: OP.binary, payload: Buffer.from([1]) })
  await received(2)
  await turns(1)
  expect(data).toEqual(['a', Buffer.from([1])])
})

describe('binaryType', () => {
  test('is nodebuffer at first, and others are refused', async () => {
    const { client, socket } = await scope.pair()
    expect([client.binaryType, socket.binaryType]).toEqual(['nodebuffer', 'nodebuffer'])
    expect(() => (client.binaryType = 'buffer' as never)).toThrow()
    expect(client.binaryType).toBe('nodebuffer')
  })

  test.each([0, 5, 100_000, 1_000_000])('a message of %d bytes in every type', async (size) => {
    const { peer, socket, received, messages } = await scope.session('client')
    const payload = Buffer.alloc(size, 7)
    for (const type of ['nodebuffer', 'arraybuffer', 'blob'] as const) {
      messages.length = 0
      socket.binaryType = type
      peer.send({ opcode: OP.binary, payload })
      const [message] = await received(1)
      expect(message.isBinary).toBe(true)
      const { data } = message
      const tag = Object.prototype.toString.call(data)
      expect(tag).toBe(
        { nodebuffer: '[object Uint8Array]', arraybuffer: '[object ArrayBuffer]', blob: '[object Blob]' }[
          type
        ],
      )
      const bytes =
        type === 'blob' ? Buffer.from(await (data as Blob).arrayBuffer()) : Buffer.from(data as ArrayBuffer)
      expect(bytes.equals(payload)).toBe(true)
      // Memory of its own: nothing of other messages is within reach.
      if (type === 'arraybuffer') expect((data as ArrayBuffer).byteLength).toBe(size)
    }
  })

  test('text is a string whatever the type', async () => {
    const { peer, socket, received } = await scope.session('client')
    socket.binaryType = 'blob'
    peer.text('still text')
    expect((await received(1))[0]).toEqual({ data: 'still text', isBinary: false })
  })

  test('a Buffer stays what it was when later messages come', async () => {
    const { peer, received } = await scope.session('client')
    const payloads = Array.from({ length: 3000 }, (_, i) => Buffer.alloc(500, i))
    for (const payload of payloads) peer.send({ opcode: OP.binary, payload })
    const messages = await received(payloads.length)
    expect(messages.every((m, i) => payloads[i].equals(m.data as Buffer))).toBe(true)
  })
})
