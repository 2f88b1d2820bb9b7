// `send` and its kin: bounds, callbacks, forms of data, fragments, order behind Blobs.
import { WebSocket, type HawserError } from '../../lib'
import { In, OutFlag, largeThreshold, messageOverhead } from '../../lib/native/records'
import { native, turn } from './support/fake-native'
import { connecting, ends, kinds, openFields, opened, watch, written } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

function code(fn: () => unknown): unknown {
  try {
    fn()
  } catch (error) {
    return (error as HawserError).code
  }
  return undefined
}

describe('bounds', () => {
  test('false above the high-water mark, with a drain asked for; the mark itself is below', async () => {
    const { ws, slot } = opened({ highWaterMark: 1000, maxBackpressure: 3000 })
    expect(ws.send('x'.repeat(1000 - messageOverhead))).toBe(true)
    expect(ws.send('')).toBe(false)
    expect(ws.send('y')).toBe(false)
    expect(written().map((record) => record.flags)).toEqual([0, OutFlag.arm_drain, OutFlag.arm_drain])
    const seen = watch(ws)
    await turn()
    native().reactor.flushed(slot, ws._queued, ws._sent)
    native().reactor.deliver(In.drain, slot)
    expect(seen).toEqual([['drain']])
    expect(ws.bufferedAmount).toBe(0)
    expect(ws.send('z')).toBe(true)
    ends(slot)
  })

  test('near the mark the UTF-8 length counts, not that of the string', () => {
    const { ws, slot } = opened({ highWaterMark: 1000 })
    expect(ws.send('ä'.repeat(400))).toBe(true)
    expect(ws.send('ä'.repeat(100))).toBe(false)
    expect(ws.bufferedAmount).toBe(1000)
    ends(slot)
  })

  test('beyond maxBackpressure nothing is accepted: thrown, or told to the callback', async () => {
    const { ws, slot } = opened({ highWaterMark: 500, maxBackpressure: 1000 })
    expect(ws.send('x'.repeat(900))).toBe(false)
    expect(code(() => ws.send('y'.repeat(200)))).toBe('BACKPRESSURE_EXCEEDED')
    expect(code(() => ws.send(Buffer.alloc(200)))).toBe('BACKPRESSURE_EXCEEDED')
    const errors: unknown[] = []
    expect(ws.send('y'.repeat(200), (error) => errors.push(error))).toBe(false)
    expect(errors).toEqual([])
    await turn()
    expect(errors).toMatchObject([{ code: 'BACKPRESSURE_EXCEEDED', recoverable: true }])
    expect(written()).toHaveLength(1)
    expect(ws.bufferedAmount).toBe(900)
    ends(slot)
  })

  test('bufferedAmount counts payload bytes, and keeps its last value after the close', () => {
    const { ws, slot } = opened()
    expect(ws.bufferedAmount).toBe(0)
    ws.send('äöü')
    ws.send(Buffer.alloc(10))
    expect(ws.bufferedAmount).toBe(16)
    native().reactor.flushed(slot, 6 + messageOverhead, 1)
    expect(ws.bufferedAmount).toBe(10)
    ends(slot, 1006, '', false)
    expect(ws.bufferedAmount).toBe(10)
  })

  test('while connecting it is 0, whatever the slot held before', () => {
    const ws = connecting()
    const { slot } = native().connects.at(-1)!
    native().reactor.flushed(slot, 12345, 17)
    expect(ws.bufferedAmount).toBe(0)
    ws.terminate()
    ends(slot, 1006, '', false)
  })
})

describe('data', () => {
  test.each<[string, object, number[]]>([
    ['Buffer', Buffer.from([1, 2]), [1, 2]],
    ['Uint8Array', Uint8Array.of(3), [3]],
    ['Uint16Array', Uint16Array.of(0x0201), [1, 2]],
    ['a view of a part', new Uint8Array([0, 1, 2, 3]).subarray(1, 3), [1, 2]],
    ['DataView', new DataView(Uint8Array.of(9, 8, 7).buffer, 1, 2), [8, 7]],
    ['ArrayBuffer', Uint8Array.of(5, 6).buffer, [5, 6]],
    ['SharedArrayBuffer', new SharedArrayBuffer(2), [0, 0]],
  ])('%s', (_name, data, bytes) => {
    const { ws, slot } = opened()
    ws.send(data as Buffer)
    const [record] = native().reactor.take()
    expect(record).toMatchObject({ flags: OutFlag.binary, data: Buffer.from(bytes) })
    ends(slot)
  })

  test('`binary` overrides what the type says, and text has to be UTF-8', () => {
    const { ws, slot } = opened()
    ws.send('text', { binary: true })
    ws.send(Buffer.from('grün'), { binary: false })
    expect(code(() => ws.send(Buffer.from([0xff]), { binary: false }))).toBe('INVALID_ARGUMENT')
    expect(written()).toMatchObject([
      { flags: OutFlag.binary, text: 'text' },
      { flags: 0, text: 'grün' },
    ])
    ends(slot)
  })

  test.each<[string, unknown[]]>([
    ['a number', [5]],
    ['nothing', []],
    ['null', [null]],
    ['an object', [{}]],
    ['options that are no object', ['x', 5]],
    ['a callback that is none', ['x', {}, 5]],
    ['an option of the wrong type', ['x', { binary: 1 }]],
  ])('%s is refused with a coded TypeError', (_name, args) => {
    const { ws, slot } = opened()
    let error: unknown
    try {
      ;(ws.send as (...values: unknown[]) => boolean)(...args)
    } catch (thrown) {
      error = thrown
    }
    // Called without `this` nothing else could be meant; through the socket it is an argument error.
    expect(error).toBeDefined()
    expect(code(() => Reflect.apply(ws.send, ws, args))).toBe('INVALID_ARGUMENT')
    expect(written()).toEqual([])
    ends(slot)
  })

  test.each([
    ['text', 'x'.repeat(largeThreshold + 1)],
    ['long text', 'ä'.repeat(largeThreshold)],
    ['text of a middle size', 'x'.repeat(largeThreshold - 5)],
    ['bytes', Buffer.alloc(largeThreshold + 1, 7)],
    ['bytes at the threshold', Buffer.alloc(largeThreshold, 7)],
  ])('large %s', (_name, data) => {
    const { ws, slot } = opened()
    ws.send(data)
    const [record] = native().reactor.take()
    const expected = Buffer.from(data as string)
    expect(record.data.equals(expected)).toBe(true)
    expect((record.flags & OutFlag.large) !== 0).toBe(expected.length > largeThreshold)
    expect(ws.bufferedAmount).toBe(expected.length)
    ends(slot)
  })

  test('compress is set where it was agreed, unless refused', () => {
    const { ws, slot } = opened({ perMessageDeflate: true }, openFields({ extensions: 'permessage-deflate' }))
    ws.send('a')
    ws.send(Buffer.from('b'))
    ws.send('c', { compress: false })
    ws.send('d', { compress: true })
    expect(written().map((record) => record.flags)).toEqual([
      OutFlag.compress,
      OutFlag.compress | OutFlag.binary,
      0,
      OutFlag.compress,
    ])
    ends(slot)
    const plain = opened()
    plain.ws.send('e', { compress: true })
    expect(written().map((record) => record.flags)).toContain(0)
    ends(plain.slot)
  })
})

describe('callbacks', () => {
  test('come in order as the kernel takes the messages', async () => {
    const { ws, slot } = opened()
    await turn()
    const order: unknown[] = []
    for (const name of ['a', 'b', 'c']) ws.send(name, (error) => order.push([name, error]))
    expect(written().every((record) => (record.flags & OutFlag.notify) !== 0)).toBe(true)
    native().reactor.deliver(In.sent, slot, { aux: 2 })
    expect(order).toEqual([
      ['a', undefined],
      ['b', undefined],
    ])
    ends(slot, 1006, '', false)
    expect(order[2]).toMatchObject(['c', { code: 'CONNECTION_CLOSED' }])
  })

  test('a closing or closed socket answers false and an error, later', async () => {
    const { ws, slot } = opened()
    ws.close()
    const errors: unknown[] = []
    expect(ws.send('x', {}, (error) => errors.push(error))).toBe(false)
    expect(ws.send('x')).toBe(false)
    expect(errors).toEqual([])
    await turn()
    expect(errors).toMatchObject([{ code: 'CONNECTION_CLOSED' }])
    ends(slot)
    expect(ws.send('x')).toBe(false)
    expect(ws.ping()).toBe(false)
  })

  test('a connecting socket throws', () => {
    const ws = connecting()
    expect(code(() => ws.send('x'))).toBe('INVALID_STATE')
    expect(code(() => ws.ping())).toBe('INVALID_STATE')
    ws.terminate()
    ends(native().connects.at(-1)!.slot, 1006, '', false)
  })
})

describe('fragments', () => {
  test('fin: false leaves the message open; only what continues it may follow', () => {
    const { ws, slot } = opened()
    ws.send('one', { fin: false })
    expect(code(() => ws.send('other'))).toBe('INVALID_STATE')
    expect(code(() => ws.send('other', {}))).toBe('INVALID_STATE')
    expect(ws.ping('between')).toBe(true)
    ws.send('two', { fin: false })
    ws.send('three', { fin: true })
    ws.send('other')
    expect(written().map((record) => [record.kind, record.flags, record.text])).toEqual([
      ['send', OutFlag.more, 'one'],
      ['ping', 0, 'between'],
      ['send', OutFlag.more, 'two'],
      ['send', 0, 'three'],
      ['send', 0, 'other'],
    ])
    ends(slot)
  })
})

describe('Blobs', () => {
  test('later sends and the close line up behind one', async () => {
    const { ws, slot } = opened()
    const own = Buffer.from('bytes')
    ws.send(new Blob(['blob']))
    ws.send('text')
    ws.send(own)
    own.fill(0)
    expect(ws.bufferedAmount).toBe(4 + 4 + 5)
    ws.close(1000)
    expect(ws.readyState).toBe(WebSocket.CLOSING)
    expect(kinds()).toEqual([])
    while (ws._sent < 3) await turn()
    expect(ws.bufferedAmount).toBe(13)
    expect(written().map((record) => [record.kind, record.text])).toEqual([
      ['send', 'blob'],
      ['send', 'text'],
      ['send', 'bytes'],
      ['close', ''],
    ])
    ends(slot)
  })

  test('the bound counts them before they are read', () => {
    const { ws, slot } = opened({ highWaterMark: 50, maxBackpressure: 100 })
    expect(ws.send(new Blob(['x'.repeat(60)]))).toBe(false)
    expect(code(() => ws.send('y'.repeat(60)))).toBe('BACKPRESSURE_EXCEEDED')
    ws.terminate()
    ends(slot, 1006, '', false)
  })

  test('callbacks of what waits get an error when the connection ends', () => {
    const { ws, slot } = opened()
    const errors: unknown[] = []
    ws.send(new Blob(['x']), (error) => errors.push(error))
    ws.send('y', (error) => errors.push(error))
    ends(slot, 1006, '', false)
    expect(errors).toMatchObject([{ code: 'CONNECTION_CLOSED' }, { code: 'CONNECTION_CLOSED' }])
  })
})

describe('close', () => {
  test.each([
    [[], 0, ''],
    [[1000], 1000, ''],
    [[3000, 'why'], 3000, 'why'],
    [[undefined, 'why'], 1000, 'why'],
    [[4999, Buffer.from('grün')], 4999, 'grün'],
  ] as [[number?, (string | Buffer)?], number, string][])('close(%p)', (args, aux, text) => {
    const { ws, slot } = opened()
    ws.close(...args)
    ws.close(1001)
    expect(written()).toMatchObject([{ kind: 'close', aux, text }])
    ends(slot)
  })

  test.each([[999], [1004], [1005], [1006], [1015], [1016], [2999], [5000], [1000.5], ['1000'], [NaN]])(
    'close(%p) is refused',
    (value) => {
      const { ws, slot } = opened()
      expect(code(() => ws.close(value as number))).toBe('INVALID_ARGUMENT')
      expect(ws.readyState).toBe(WebSocket.OPEN)
      ends(slot)
    },
  )

  test('a reason is at most 123 bytes', () => {
    const { ws, slot } = opened()
    expect(code(() => ws.close(1000, 'ä'.repeat(62)))).toBe('INVALID_ARGUMENT')
    expect(code(() => ws.close(1000, 5 as never))).toBe('INVALID_ARGUMENT')
    ws.close(1000, 'ä'.repeat(61))
    expect(written()).toMatchObject([{ text: 'ä'.repeat(61) }])
    ends(slot)
  })

  test.each(['ping', 'pong'] as const)('%s takes at most 125 bytes', (name) => {
    const { ws, slot } = opened()
    expect(code(() => ws[name]('x'.repeat(126)))).toBe('INVALID_ARGUMENT')
    expect(code(() => ws[name](5 as never))).toBe('INVALID_ARGUMENT')
    expect(ws[name]('x'.repeat(125))).toBe(true)
    expect(ws[name]()).toBe(true)
    expect(written()).toMatchObject([{ kind: name }, { kind: name, text: '' }])
    ends(slot)
  })
})
