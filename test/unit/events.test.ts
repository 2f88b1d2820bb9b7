// Events of both shapes: emitter and W3C.
import { WebSocket, CloseEvent, ErrorEvent, MessageEvent, SocketEvent } from '../../lib'
import { In } from '../../lib/native/records'
import { native, turn, uncaught } from './support/fake-native'
import { connecting, ends, flowing, openFields, say, written } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

describe('W3C listeners', () => {
  test('handler attributes of every event', async () => {
    const ws = connecting()
    const { slot } = native().connects.at(-1)!
    const seen: SocketEvent[] = []
    ws.onopen = ws.onmessage = ws.onerror = ws.onclose = (event: SocketEvent) => seen.push(event)
    native().reactor.deliver(In.open, slot, { data: openFields() })
    await turn()
    say(slot, 'text')
    native().reactor.deliver(In.error, slot, { aux: 40, data: '0\nodd opcode' })
    ends(slot, 1002, 'why', true)
    expect(seen.map((event) => event.type)).toEqual(['open', 'message', 'error', 'close'])
    expect(seen.every((event) => event.target === ws && event.currentTarget === ws)).toBe(true)
    expect(seen[1]).toBeInstanceOf(MessageEvent)
    expect(seen[1]).toMatchObject({ data: 'text', origin: 'ws://example.test', lastEventId: '', ports: [] })
    expect(seen[2]).toBeInstanceOf(ErrorEvent)
    expect(seen[2]).toMatchObject({ error: { code: 'PROTOCOL_ERROR' } })
    expect(seen[3]).toBeInstanceOf(CloseEvent)
    expect(seen[3]).toMatchObject({ code: 1002, reason: 'why', wasClean: true })
  })

  test('`this` of a handler is the socket; what is no function takes it away', async () => {
    const { ws, slot } = await flowing()
    let self: unknown
    ws.onmessage = function () {
      // eslint-disable-next-line @typescript-eslint/no-this-alias -- it is what is tested
      self = this
    }
    expect(typeof ws.onmessage).toBe('function')
    say(slot, 'x')
    expect(self).toBe(ws)
    self = undefined
    ws.onmessage = null
    expect(ws.onmessage).toBeNull()
    say(slot, 'y')
    expect(self).toBeUndefined()
    ends(slot)
  })

  test('order, once, duplicates, objects, removal and signals', async () => {
    const { ws, slot } = await flowing()
    const order: string[] = []
    const both = (): void => void order.push('function')
    const object = {
      handleEvent(event: SocketEvent) {
        order.push(`object ${event.type} ${this === object}`)
      },
    }
    const controller = new AbortController()
    ws.addEventListener('message', both)
    ws.addEventListener('message', both)
    ws.onmessage = () => order.push('attribute')
    ws.addEventListener('message', object)
    ws.addEventListener('message', () => order.push('once'), { once: true })
    ws.addEventListener('message', () => order.push('signal'), { signal: controller.signal })
    ws.addEventListener('message', null)
    say(slot, '1')
    expect(order.splice(0)).toEqual(['function', 'attribute', 'object message true', 'once', 'signal'])
    controller.abort()
    ws.removeEventListener('message', object)
    // Exchanged in place.
    ws.onmessage = () => order.push('other')
    say(slot, '2')
    expect(order).toEqual(['function', 'other'])
    ends(slot)
  })

  test('listeners added or removed during an event', async () => {
    const { ws, slot } = await flowing()
    const order: string[] = []
    const late = (): void => void order.push('late')
    const second = (): void => void order.push('second')
    ws.addEventListener('message', () => {
      order.push('first')
      ws.removeEventListener('message', second)
      ws.addEventListener('message', late)
    })
    ws.addEventListener('message', second)
    say(slot, '1')
    expect(order).toEqual(['first'])
    say(slot, '2')
    expect(order).toEqual(['first', 'first', 'late'])
    ends(slot)
  })

  test('stopImmediatePropagation, dispatchEvent', async () => {
    const { ws, slot } = await flowing()
    const order: string[] = []
    ws.addEventListener('message', (event) => {
      order.push(String(event.data))
      event.stopImmediatePropagation()
    })
    ws.addEventListener('message', () => order.push('never'))
    expect(ws.dispatchEvent(new MessageEvent(ws, 'own'))).toBe(true)
    expect(order).toEqual(['own'])
    ends(slot)
  })

  test('one that throws is reported and keeps no other from the event', async () => {
    const { ws, slot } = await flowing()
    const order: string[] = []
    ws.on('message', () => order.push('emitter'))
    ws.onmessage = () => {
      throw new Error('mine')
    }
    ws.addEventListener('message', () => order.push('listener'))
    say(slot, 'x')
    expect(order).toEqual(['emitter', 'listener'])
    expect(uncaught.splice(0)).toEqual([new Error('mine')])
    ends(slot)
  })

  test('a listener of the wrong kind is refused', async () => {
    const { ws, slot } = await flowing()
    expect(() => ws.addEventListener('message', 'no' as never)).toThrow(TypeError)
    ends(slot)
  })
})

describe('emitter listeners', () => {
  test('one or many, once, removal; `this` is the socket', async () => {
    const { ws, slot } = await flowing()
    const order: string[] = []
    const first = function (this: WebSocket): void {
      order.push(`first ${this === ws}`)
    }
    ws.on('message', first)
    say(slot, '1')
    ws.once('message', () => order.push('once'))
    ws.prependListener('message', () => order.push('prepended'))
    say(slot, '2')
    ws.off('message', first)
    say(slot, '3')
    expect(order).toEqual(['first true', 'prepended', 'first true', 'once', 'prepended'])
    ws.removeAllListeners()
    say(slot, '4')
    expect(order).toHaveLength(5)
    expect(ws.eventNames()).toEqual([])
    ends(slot)
  })

  test('names of Object.prototype are no listeners', async () => {
    const { ws, slot } = await flowing()
    expect(ws.emit('toString')).toBe(false)
    expect(ws.listenerCount('constructor')).toBe(0)
    ends(slot)
  })

  test('`error` without a listener throws nothing, and close follows once', async () => {
    const { ws, slot } = await flowing()
    const closes: unknown[] = []
    ws.on('close', (...args) => closes.push(args))
    native().reactor.deliver(In.error, slot, { aux: 2, data: '104\nread: connection reset' })
    ends(slot, 1006, '', false)
    expect(closes).toEqual([[1006, '']])
    expect(uncaught).toEqual([])
  })

  test('an error has code, message, cause and whether to try again', async () => {
    const { ws, slot } = await flowing()
    const errors: unknown[] = []
    ws.on('error', (error) => errors.push(error))
    native().reactor.deliver(In.error, slot, { aux: 2, data: '104\nread: connection reset' })
    expect(errors).toMatchObject([
      { name: 'HawserError', code: 'CONNECTION_RESET', recoverable: true, cause: { errno: 104 } },
    ])
    expect(ws.readyState).toBe(WebSocket.CLOSING)
    ends(slot, 1006, '', false)
  })

  test('pings and pongs come until one has no listener, and again when it has', async () => {
    const { ws, slot } = await flowing()
    const seen: unknown[] = []
    ws.on('ping', (data) => seen.push(['ping', String(data)]))
    native().reactor.deliver(In.ping, slot, { data: 'a' })
    expect(written()).toEqual([])
    native().reactor.deliver(In.pong, slot, { data: 'unheard' })
    expect(written()).toMatchObject([{ kind: 'interest', connection: slot, aux: 1 }])
    ws.once('pong', (data) => seen.push(['pong', String(data)]))
    expect(written()).toMatchObject([{ kind: 'interest', aux: 3 }])
    native().reactor.deliver(In.pong, slot, { data: 'b' })
    expect(seen).toEqual([
      ['ping', 'a'],
      ['pong', 'b'],
    ])
    ends(slot)
  })
})

describe('binaryType', () => {
  test('nodebuffer, arraybuffer, blob', async () => {
    const { ws, slot } = await flowing()
    const seen: unknown[] = []
    ws.on('message', (data, isBinary) => seen.push(data, isBinary))
    expect(ws.binaryType).toBe('nodebuffer')
    say(slot, Buffer.from([1, 2]))
    ws.binaryType = 'arraybuffer'
    say(slot, Buffer.from([3]))
    say(slot, 'text')
    ws.binaryType = 'blob'
    say(slot, Buffer.from([4]))
    expect(seen[0]).toEqual(Buffer.from([1, 2]))
    expect(Object.prototype.toString.call(seen[2])).toBe('[object ArrayBuffer]')
    expect([...new Uint8Array(seen[2] as ArrayBuffer)]).toEqual([3])
    expect(seen.slice(4, 6)).toEqual(['text', false])
    expect(Object.prototype.toString.call(seen[6])).toBe('[object Blob]')
    expect(() => (ws.binaryType = 'buffer' as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    expect(ws.binaryType).toBe('blob')
    ends(slot)
  })
})

test('constants on the class and on sockets', () => {
  const ws = connecting()
  const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }
  for (const [name, value] of Object.entries(states)) {
    expect(ws[name as 'OPEN']).toBe(value)
    expect(WebSocket[name as 'OPEN']).toBe(value)
    expect(Object.hasOwn(ws, name)).toBe(false)
  }
  ws.terminate()
  ends(native().connects.at(-1)!.slot, 1006, '', false)
})
