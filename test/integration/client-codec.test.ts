// Codecs: messages that are not JSON, over real servers; order, errors, requests, acks, encryption and its failures.
import * as msgpack from '@msgpack/msgpack'
import { type Codec, encryptedCodec, jsonCodec, messagePackCodec } from '../../lib'
import { WebSocketServer as PeerServer } from 'ws'
import { event, within } from '../support/waiters'
import type { FarEnd, Received } from './support/far-end'
import { rejection, useManaged } from './support/managed'
import { closePeer, urlOf } from './support/peers'

const scope = useManaged()
const packed = messagePackCodec(msgpack)
const turned = (text: string): string => Array.from(text).reverse().join('')

/** Lets the far end read and answer with a codec: it replies to `ask`, acknowledges `acked`, sends `echo` back. */
function speak(
  far: FarEnd,
  codec: Codec,
  told: (count: number) => unknown = () => undefined,
): Record<string, unknown>[] {
  const got: Record<string, unknown>[] = []
  far.greet = (socket) => {
    let last: Promise<unknown> = Promise.resolve()
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return
      last = last.then(async () => {
        const message = (await codec.decode(data)) as Record<string, unknown>
        told(got.push(message))
        const say = async (out: Record<string, unknown>) => socket.send(await codec.encode(out))
        if (message.type === 'ask')
          await say({ type: 'reply', correlationId: message.id, payload: message.payload })
        if (message.type === 'refuse')
          await say({ type: 'reply', correlationId: message.id, error: { code: 'UNAUTHORIZED' } })
        if (message.type === 'refused')
          await say({ type: 'error', correlationId: message.id, error: { code: 'UNAUTHORIZED' } })
        if (message.type === 'acked') await say({ type: 'ack', correlationId: message.id })
        if (message.type === 'echo') await say(message.payload as Record<string, unknown>)
      })
    })
  }
  return got
}

describe.each([
  ['MessagePack', () => packed],
  ['encrypted JSON', () => encryptedCodec({ key: new Uint8Array(32).fill(7) })],
  ['encrypted MessagePack', () => encryptedCodec({ key: new Uint8Array(32).fill(8), inner: packed })],
])('%s', (_name, make) => {
  test('messages both ways keep their order', async () => {
    const far = await scope.far()
    const got = speak(far, make())
    const { client, errors } = await scope.connected(far, { codec: make() })
    const seen: unknown[] = []
    const all = new Promise<void>((resolve) =>
      client.on('n', ({ payload }) => seen.push(payload) === 300 && resolve()),
    )
    for (let n = 0; n < 300; n++) client.send('echo', { type: 'n', payload: n })
    await within(all, 'echoes')
    const inOrder = Array.from({ length: 300 }, (_, n) => n)
    expect(seen).toEqual(inOrder)
    expect(got.map(({ payload }) => (payload as Received).payload)).toEqual(inOrder)
    expect(got[0]).toMatchObject({ id: expect.any(String) as string, type: 'echo' })
    expect(errors).toEqual([])
  })

  test('requests, their errors, acks and metrics', async () => {
    const far = await scope.far()
    speak(far, make())
    const { client } = await scope.connected(far, { codec: make() })
    expect(await client.request('ask', { a: [1, 'é'] })).toEqual({ a: [1, 'é'] })
    expect(await rejection(client.request('refuse'))).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await rejection(client.request('silent', 1, { timeout: 20 }))).toMatchObject({ code: 'TIMEOUT' })
    await within(client.send('acked', 1, { ack: true }), 'ack')
    expect(client.getPerformanceMetrics()).toMatchObject({
      requests: 3,
      requestTimeouts: 1,
      acked: 1,
      inFlight: 0,
    })
  })

  test('errors and late replies of a server of hawser.v1 are no messages of the program', async () => {
    const far = await scope.far()
    speak(far, make())
    const { client, errors } = await scope.connected(far, { codec: make() })
    const seen: string[] = []
    client.on('*', ({ type }) => seen.push(type))
    expect(await rejection(client.send('refused', 1, { ack: true }))).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(errors).toEqual([])
    client.send('echo', { type: 'error', error: { code: 'SERVER_ERROR', message: 'of no message' } })
    client.send('echo', { type: 'reply', correlationId: 'given up', payload: 1 })
    client.send('echo', { type: 'end' })
    await within(new Promise((resolve) => client.on('end', resolve)), 'the end')
    expect(seen).toEqual(['end'])
    expect(errors).toMatchObject([{ code: 'SERVER_ERROR' }])
  })

  test('what waits for a connection is sent on it, and close() lets it go out', async () => {
    const far = await scope.farDown()
    let got: Record<string, unknown>[] = []
    const both = new Promise<void>((resolve) => {
      got = speak(far, make(), (count) => count === 2 && resolve())
    })
    const { client } = scope.managed(far, { codec: make() })
    client.send('early', 1)
    await far.start()
    await within(client.connect(), 'connect()')
    client.send('late', 2)
    await client.close()
    await within(both, 'both messages')
    expect(got.map(({ type }) => type)).toEqual(['early', 'late'])
  })
})

test('routes hold for decoded messages: where, conflation, batches, columns', async () => {
  const far = await scope.far()
  speak(far, packed)
  const { client } = await scope.connected(far, { codec: packed })
  const seen: unknown[] = []
  client.subscribe({ type: 'tick', where: { '/payload/s': 'A' } }, ({ payload }) => seen.push(payload.p))
  client.subscribe({ type: 'tick.*', batch: { max: 2, every: 60_000 } }, (all) => seen.push(all.length))
  const table = new Promise((resolve) =>
    client.subscribe(
      { type: 'tick', columns: { p: '/payload/p' }, batch: { max: 3, every: 60_000 } },
      ({ p }) => resolve([...p]),
    ),
  )
  const conflated = new Promise((resolve) =>
    client.subscribe({ type: 'tick', conflate: { key: '/payload/s', every: 1_000, maxKeys: 1 } }, resolve),
  )
  for (const [s, p] of [
    ['A', 1],
    ['A', 2],
    ['B', 3],
  ] as const) {
    client.send('echo', { type: 'tick', payload: { s, p } })
  }
  client.send('echo', { type: 'tick.x' })
  client.send('echo', { type: 'tick.y' })
  const last = new Promise((resolve) => client.on('last', resolve))
  client.send('echo', { type: 'last' })
  await within(last, 'last')
  expect(await within(table, 'columns')).toEqual([1, 2, 3])
  expect(await within(conflated, 'conflated')).toMatchObject({ payload: { s: 'A', p: 2 } })
  expect(seen).toEqual([1, 2, 2])
  expect(client.getPerformanceMetrics()).toMatchObject({ routed: 6, conflated: 1 })
})

test('a timed stage lets decoded messages go by itself', async () => {
  const far = await scope.far()
  speak(far, packed)
  const { client } = await scope.connected(far, { codec: packed })
  const got = new Promise((resolve) => client.subscribe({ type: 'x', batch: { max: 10, every: 5 } }, resolve))
  client.send('echo', { type: 'x', payload: 1 })
  expect(await within(got, 'batch')).toMatchObject([{ payload: 1 }])
})

test('bytes in payloads stay bytes with MessagePack', async () => {
  const far = await scope.far()
  speak(far, packed)
  const { client } = await scope.connected(far, { codec: packed })
  const reply = await client.request('ask', new Uint8Array([1, 2, 3]))
  expect([...(reply as Uint8Array)]).toEqual([1, 2, 3])
})

test('JSON that the server sends works beside a codec, and so do control messages', async () => {
  const far = await scope.far()
  speak(far, packed)
  far.answer = ({ type, correlationId }) => {
    if (type === 'join') far.say({ type: 'joined', correlationId })
  }
  const { client } = await scope.connected(far, { codec: packed })
  await within(client.joinRoom('r'), 'joined')
  const got = new Promise((resolve) => client.on('plain', resolve))
  far.say({ type: 'plain', payload: 1 })
  expect(await within(got, 'JSON')).toEqual({ type: 'plain', payload: 1 })
})

test('what a codec cannot read is an `error` event, and the feed goes on', async () => {
  const far = await scope.far()
  const { client, errors } = await scope.connected(far, { codec: packed })
  const got = new Promise((resolve) => client.on('fine', resolve))
  far.socket.send(Buffer.from([0xc1]))
  far.socket.send(msgpack.encode({ no: 'type' }))
  far.socket.send(msgpack.encode({ type: 'fine' }))
  await within(got, 'the message behind them')
  expect(errors.map(({ code }) => code)).toEqual(['PARSE_ERROR', 'INVALID_MESSAGE'])
})

test('forged, changed, cut and foreign messages are DECRYPTION_FAILED; old keys read on', async () => {
  const old = new Uint8Array(32).fill(1)
  const fresh = new Uint8Array(32).fill(2)
  const codec = encryptedCodec({ keys: { old, fresh } })
  const far = await scope.far()
  const { client, errors } = await scope.connected(far, { codec })
  const seen: unknown[] = []
  const last = new Promise((resolve) => client.on('last', resolve))
  client.on('m', ({ payload }) => seen.push(payload))
  const sealed = async (payload: unknown, by: Codec, type = 'm') =>
    Buffer.from((await by.encode({ type, payload })) as Uint8Array)
  const before = encryptedCodec({ keys: { old } })
  far.socket.send(await sealed('old', before))
  const changed = await sealed('changed', codec)
  changed[changed.length - 20] ^= 1
  far.socket.send(changed)
  // The key id is authenticated too: another one that names the same key does not pass.
  const renamed = encryptedCodec({ keys: { fresh: old } })
  far.socket.send(await sealed('renamed', renamed))
  far.socket.send(await sealed('foreign', encryptedCodec({ keys: { other: old } })))
  far.socket.send((await sealed('cut', codec)).subarray(0, 20))
  far.socket.send(Buffer.from([9, 9, 9]))
  far.socket.send(await sealed('fresh', codec))
  far.socket.send(await sealed(0, codec, 'last'))
  await within(last, 'the last message')
  expect(seen).toEqual(['old', 'fresh'])
  expect(errors.map(({ code }) => code)).toEqual(Array<string>(5).fill('DECRYPTION_FAILED'))
  // Two messages of the same content have nothing in common behind the header.
  expect(await sealed('x', codec)).not.toEqual(await sealed('x', codec))
})

test('a CryptoKey serves as key', async () => {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const codec = encryptedCodec({ key: key })
  expect(await codec.decode((await codec.encode({ type: 'a' })) as Uint8Array)).toEqual({ type: 'a' })
})

test('a codec of texts, synchronous or not', async () => {
  const reversed: Codec = {
    name: 'reversed',
    binary: false,
    encode: (message) => turned(JSON.stringify(message)),
    decode: (text) => Promise.resolve(JSON.parse(turned(String(text))) as unknown),
  }
  const server = new PeerServer({ port: 0, host: '127.0.0.1' })
  scope.defer(() => closePeer(server))
  await event(server, 'listening')
  const texts: string[] = []
  server.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      texts.push(String(data))
      socket.send(String(data))
    }),
  )
  const { client } = await scope.connected(urlOf(server), { codec: reversed })
  const got = new Promise((resolve) => client.on('m', resolve))
  client.send('m', 'x')
  expect(await within(got, 'echo')).toMatchObject({ type: 'm', payload: 'x' })
  expect(texts[0]).toMatch(/^\}"x":"daolyap"/)
})

test('what cannot be encoded: thrown at once, rejected, or an `error` event', async () => {
  const far = await scope.far()
  const failing = (fail: () => never | Promise<never>): Codec => ({
    ...packed,
    name: 'failing',
    encode: fail,
  })
  const sync = await scope.connected(far, {
    codec: failing(() => {
      throw new Error('no way')
    }),
  })
  expect(() => sync.client.send('m', 1)).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('no way') as string,
    }) as Error,
  )
  expect(await rejection(sync.client.request('m'))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  const later = await scope.connected(far, { codec: failing(() => Promise.reject(new Error('no way'))) })
  later.client.send('m', 1)
  await later.failedWith('INVALID_ARGUMENT')
  expect(await rejection(later.client.send('m', 1, { ack: true }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  const wrong = await scope.connected(far, { codec: { ...packed, encode: () => 'text' } })
  expect(() => wrong.client.send('m')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error)
})

test('an encoder that lags is bounded; drained() waits for it', async () => {
  const far = await scope.far()
  let got: Record<string, unknown>[] = []
  const all = new Promise<void>((resolve) => {
    got = speak(far, packed, (count) => count === 1024 && resolve())
  })
  const gate = { open: (): void => undefined }
  const opened = new Promise<void>((resolve) => (gate.open = resolve))
  const slow: Codec = {
    ...packed,
    name: 'slow',
    encode: async (message) => opened.then(() => packed.encode(message)),
  }
  const { client } = await scope.connected(far, { codec: slow })
  const taken = Array.from({ length: 1024 }, (_, n) => client.send('m', n))
  expect([taken[0], taken[1023]]).toEqual([true, false])
  expect(() => client.send('m')).toThrow(expect.objectContaining({ code: 'BACKPRESSURE_EXCEEDED' }) as Error)
  const drained = client.drained()
  gate.open()
  await within(drained, 'drained()')
  await client.close()
  await within(all, 'all messages')
  expect(got.map(({ payload }) => payload)).toEqual(Array.from({ length: 1024 }, (_, n) => n))
})

test('reading stops while a decoder lags, and nothing is lost', async () => {
  const far = await scope.far()
  const gate = { open: (): void => undefined }
  const opened = new Promise<void>((resolve) => (gate.open = resolve))
  const slow: Codec = { ...packed, name: 'slow', decode: (data) => opened.then(() => packed.decode(data)) }
  const { client } = await scope.connected(far, { codec: slow })
  let sum = 0
  const all = new Promise<void>((resolve) =>
    client.on('m', ({ payload }) => {
      sum++
      if (payload === 4_999) resolve()
    }),
  )
  far.sendAll(Array.from({ length: 5_000 }, (_, n) => msgpack.encode({ type: 'm', payload: n })))
  gate.open()
  await within(all, 'all messages')
  expect(sum).toBe(5_000)
})

test('jsonCodec() changes nothing', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far, { codec: jsonCodec() })
  const got = new Promise((resolve) => client.on('message', resolve))
  client.send('m', 1)
  await far.messages(1)
  far.socket.send('no JSON')
  expect(await within(got, 'text')).toBe('no JSON')
  expect(far.types).toEqual(['m'])
})

test.each([
  [{ codec: 5 }, 'codec'],
  [{ codec: {} }, 'codec.name'],
  [{ codec: { ...packed, encode: 1 } }, 'codec.encode'],
  [{ codec: { ...packed, binary: 'yes' } }, 'codec.binary'],
])('bad option %j', async (options, name) => {
  const far = await scope.far()
  expect(() => scope.managed(far, options as never)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`\`${name}\``) as string,
    }) as Error,
  )
})

test.each([
  [{}, '`key`'],
  [{ key: new Uint8Array(16) }, '`key`'],
  [{ key: 'secret' }, '`key`'],
  [{ keys: {} }, '`keys`'],
  [{ keys: { a: new Uint8Array(32) }, use: 'b' }, '`use`'],
  [{ key: new Uint8Array(32), inner: 1 }, '`inner`'],
  [{ key: new Uint8Array(32), iv: 1 }, '`iv`'],
])('bad option of encryptedCodec: %j', (options, name) => {
  expect(() => encryptedCodec(options as never)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      code: 'INVALID_OPTION',
      message: expect.stringContaining(name) as string,
    }) as Error,
  )
  expect(() => messagePackCodec({} as never)).toThrow(TypeError)
})
