// pause, resume, terminate and `connection` listeners that return promises: what waits, and in which order it comes.
import { WebSocket, type HawserError } from '../../lib'
import { In } from '../../lib/native/records'
import { native, turn, uncaught } from './support/fake-native'
import { accepted, ends, flowing, kinds, listening, requestFields, say, watch } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

afterEach(() => {
  expect(uncaught.splice(0)).toEqual([])
})

test('a message behind `open` waits for the next turn', async () => {
  const ws = new WebSocket('ws://example.test/')
  const { slot } = native().connects.at(-1)!
  const { reactor } = native()
  reactor.write(In.open, slot, { data: '\n\n\n\n\n\n\n\n\n\n\n' })
  reactor.message(slot, 'early')
  const order: string[] = []
  ws.on('open', () => order.push('open'))
  reactor.publish()
  expect(order).toEqual(['open'])
  ws.on('message', (data) => order.push(String(data)))
  await turn()
  expect(order).toEqual(['open', 'early'])
  ends(slot)
})

describe('pause', () => {
  test('holds what comes and replays it in order behind resume, close last', async () => {
    const { ws, slot } = await flowing()
    const { reactor } = native()
    const seen = watch(ws)
    ws.pause()
    expect(ws.isPaused).toBe(true)
    expect(kinds()).toContain('pause')
    reactor.message(slot, 'one')
    reactor.write(In.ping, slot, { data: 'p' })
    reactor.message(slot, 'two')
    reactor.write(In.close, slot, { aux: 1000 | (1 << 16), data: Buffer.from('bye') })
    reactor.publish()
    expect(seen).toEqual([])
    expect(ws.readyState).not.toBe(WebSocket.CLOSED)
    ws.resume()
    expect(seen).toEqual([])
    await turn()
    expect(seen).toEqual([
      ['message', 'one', false],
      ['ping', Buffer.from('p')],
      ['message', 'two', false],
      ['close', 1000, 'bye'],
    ])
    expect(ws.readyState).toBe(WebSocket.CLOSED)
    expect(kinds()).toEqual(['release'])
  })

  test('the reactor is told once, and to go on only when all is replayed', async () => {
    const { ws, slot } = await flowing()
    const { reactor } = native()
    const seen = watch(ws)
    ws.pause()
    ws.pause()
    expect(kinds().filter((kind) => kind === 'pause')).toHaveLength(1)
    say(slot, 'a', 'b', 'c')
    ws.on('message', (data) => {
      if (data === 'b') ws.pause()
    })
    ws.resume()
    await turn()
    expect(seen.map((event) => event[1])).toEqual(['a', 'b'])
    expect(kinds()).toEqual([])
    ws.resume()
    // What comes before the replay lines up behind it.
    reactor.message(slot, 'd')
    reactor.publish()
    await turn()
    expect(seen.map((event) => event[1])).toEqual(['a', 'b', 'c', 'd'])
    expect(kinds()).toEqual(['resume'])
    ends(slot)
  })

  test('with nothing held, resume takes effect at once and close comes although paused', async () => {
    const { ws, slot } = await flowing()
    const seen = watch(ws)
    ws.pause()
    ws.resume()
    expect(kinds().slice(-2)).toEqual(['pause', 'resume'])
    ws.pause()
    ends(slot, 1006, '', false)
    expect(seen).toEqual([['close', 1006, '']])
  })

  test('while connecting it takes effect at open', async () => {
    const ws = new WebSocket('ws://example.test/')
    ws.pause()
    expect(ws.isPaused).toBe(true)
    const { slot } = native().connects.at(-1)!
    kinds()
    const seen = watch(ws)
    native().reactor.write(In.open, slot, { data: '' })
    say(slot, 'held')
    expect(kinds()).toContain('pause')
    await turn(2)
    expect(seen.map((event) => event[0])).toEqual(['upgrade', 'open'])
    ws.resume()
    await turn()
    expect(seen.at(-1)).toEqual(['message', 'held', false])
    ends(slot)
  })

  test('a listener that throws during the replay does not lose the rest', async () => {
    const { ws, slot } = await flowing()
    const got: string[] = []
    ws.on('message', (data) => {
      got.push(String(data))
      if (data === 'bad') throw new Error('mine')
    })
    ws.pause()
    say(slot, 'bad', 'good')
    ws.resume()
    await turn()
    expect(uncaught.splice(0)).toEqual([new Error('mine')])
    expect(got).toEqual(['bad', 'good'])
    ends(slot)
  })
})

describe('terminate', () => {
  test('drops what is held; close comes once, with 1006', async () => {
    const { ws, slot } = await flowing()
    const seen = watch(ws)
    ws.pause()
    say(slot, 'never')
    ws.terminate()
    ws.terminate()
    expect(ws.readyState).toBe(WebSocket.CLOSING)
    say(slot, 'nor this')
    ends(slot, 1006, '', false)
    await turn(2)
    expect(seen).toEqual([['close', 1006, '']])
    expect(kinds()).toEqual(['pause', 'terminate', 'release'])
  })

  test('inside a message handler no further message fires', async () => {
    const { ws, slot } = await flowing()
    const seen = watch(ws)
    ws.once('message', () => ws.terminate())
    say(slot, 'one', 'two', 'three')
    ends(slot, 1006, '', false)
    expect(seen).toEqual([
      ['message', 'one', false],
      ['close', 1006, ''],
    ])
  })

  test('a close that was held behind messages comes when they are dropped', async () => {
    const { ws, slot } = await flowing()
    const seen = watch(ws)
    ws.pause()
    say(slot, 'never')
    ends(slot, 1001, 'gone')
    expect(seen).toEqual([])
    ws.terminate()
    await turn()
    expect(seen).toEqual([['close', 1001, 'gone']])
  })
})

test('after close() messages fire until close', async () => {
  const { ws, slot } = await flowing()
  const seen = watch(ws)
  ws.close(1000, 'done')
  say(slot, 'last words')
  ends(slot, 1000, 'done')
  expect(seen).toEqual([
    ['message', 'last words', false],
    ['close', 1000, 'done'],
  ])
})

describe('`connection` listeners', () => {
  test('a promise holds messages and the close until it settles', async () => {
    const { server, id } = await listening()
    let release = (): void => {}
    let seen: unknown[][] = []
    server.on('connection', async (ws) => {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      seen = watch(ws)
    })
    const { ws, slot } = accepted(server, id)
    await turn()
    expect(kinds()).toEqual(['pause'])
    say(slot, 'held')
    ends(slot, 1000)
    expect(ws.isPaused).toBe(false)
    release()
    await turn(2)
    expect(seen).toEqual([
      ['message', 'held', false],
      ['close', 1000, ''],
    ])
  })

  test('a listener that returns nothing holds nothing', async () => {
    const { server, id } = await listening()
    const { ws, slot } = accepted(server, id)
    const seen = watch(ws)
    await turn()
    say(slot, 'flows')
    expect(seen).toEqual([['message', 'flows', false]])
    ends(slot)
  })

  test('a rejection closes with 1011 and is an error of the socket', async () => {
    const { server, id } = await listening()
    const cause = new Error('no database')
    const errors: HawserError[] = []
    server.on('connection', async (ws) => {
      ws.on('error', (error) => errors.push(error))
      await Promise.resolve()
      throw cause
    })
    const { slot } = accepted(server, id)
    kinds()
    await turn(2)
    expect(errors).toMatchObject([{ code: 'LISTENER_FAILED', cause }])
    const records = kinds()
    expect(records).toContain('close')
    ends(slot, 1011)
  })

  test('… or of the server, where the socket has no listener', async () => {
    const { server, id } = await listening()
    const errors: Error[] = []
    server.on('error', (error) => errors.push(error))
    server.on('connection', () => Promise.reject(new Error('no database')))
    const { ws, slot } = accepted(server, id)
    const seen: number[] = []
    ws.on('close', (code) => seen.push(code))
    await turn(2)
    expect(errors).toMatchObject([{ code: 'LISTENER_FAILED' }])
    ends(slot, 1011)
    expect(seen).toEqual([1011])
  })

  test('the same slot again is another socket', async () => {
    const { server, id } = await listening()
    const first = accepted(server, id, requestFields({ protocol: 'a' }))
    await turn()
    ends(first.slot)
    const second = accepted(server, id, requestFields({ protocol: 'b' }))
    expect(second.slot).toBe(first.slot)
    expect([first.ws.protocol, second.ws.protocol]).toEqual(['a', 'b'])
    expect(first.ws.send('nobody')).toBe(false)
    kinds()
    first.ws.close()
    first.ws.terminate()
    first.ws.pause()
    first.ws.resume()
    expect(first.ws.ping()).toBe(false)
    expect(first.ws.subscribe('t')).toBe(false)
    expect(first.ws.publish('t', 'x')).toBe(false)
    expect(kinds()).toEqual([])
    expect([...server.clients]).toEqual([second.ws])
    ends(second.slot)
  })
})
