// Checks of options on both classes: names, types, bounds, what goes together.
import { hubOptionNames, readHubOptions } from '../../lib/server/hub/hub-options'
import {
  WebSocket,
  WebSocketClient,
  WebSocketPool,
  WebSocketServer,
  type ServerOptions,
  type WebSocketOptions,
} from '../../lib'
import { webSocket } from '../../lib/rxjs'
import { rabbitmqAdapter } from '../../lib/adapters/amqp'
import { natsJetStream } from '../../lib/adapters/nats'
import { redisAdapter } from '../../lib/adapters/redis'
import { managedOptionNames } from '../../lib/client/client-options'
import { poolOptionNames } from '../../lib/client/pool-options'
import { clientOptionNames } from '../../lib/core/client-options'
import { type DefaultName, defaults } from '../../lib/core/defaults'
import { nearest } from '../../lib/core/validate'
import { serverOptionNames } from '../../lib/server/server-options'
import { native, turn } from './support/fake-native'
import { ends } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

interface Failure {
  name: string
  code?: string
  message: string
}

function failure(fn: () => unknown): Failure | undefined {
  try {
    fn()
  } catch (error) {
    return error as Failure
  }
  return undefined
}

function client(options: unknown) {
  const ws = new WebSocket('ws://example.test', [], options as WebSocketOptions)
  const { slot, settings } = native().connects.at(-1)!
  ws.terminate()
  ends(slot, 1006, '', false)
  return settings
}

async function server(options: object) {
  const made = new WebSocketServer({ port: 0, ...options })
  made.on('error', () => {})
  await turn()
  return native().listens.at(-1)!.settings
}

const refusedClient = (options: unknown): Failure | undefined =>
  failure(() => new WebSocket('ws://example.test', [], options as WebSocketOptions))
const refusedServer = (options: unknown): Failure | undefined =>
  failure(() => new WebSocketServer(options as ServerOptions))

const refusedManaged = (options: object): Failure | undefined =>
  failure(() => new WebSocketClient({ url: 'ws://example.test', ...options }))
const refusedPool = (options: object): Failure | undefined => failure(() => new WebSocketPool(options))

/** `{ a: { b: value } }` from 'a.b'. */
function nested(name: string, value: unknown): Record<string, unknown> {
  return name.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<
    string,
    unknown
  >
}

const elsewhere = new Set(['close.timeout', 'close.spread', 'threads', 'throttle', 'debounce'])
/** A hub has options of the same outer name. */
const ofClients = new Set(['auth.refreshBefore', 'fallback.after', 'fallback.retry', 'fallback.patience'])
const numeric = (Object.keys(defaults) as DefaultName[]).filter((name) => !elsewhere.has(name))

describe.each(numeric)('%s', (name) => {
  const outer = name.split('.')[0]
  const { min, max } = defaults[name]
  const refused: ((value: unknown) => Failure | undefined)[] = []
  if (clientOptionNames.includes(outer)) refused.push((value) => refusedClient(nested(name, value)))
  if (serverOptionNames.includes(outer))
    refused.push((value) => refusedServer({ port: 0, ...nested(name, value) }))

  const ofHub = (hubOptionNames as readonly string[]).includes(outer) && !ofClients.has(name)
  if (ofHub) {
    const rest = outer === 'auth' ? { verify: () => false } : {}
    refused.push((value) => {
      const options = nested(name, value)
      const given = options[outer]
      const whole =
        typeof given === 'object' && given !== null && name.includes('.') ? { ...rest, ...given } : given
      return failure(() => readHubOptions({ [outer]: whole }))
    })
  }
  if (managedOptionNames.includes(outer) && !ofHub) {
    // Of tokens only a client with a source of them reads the options.
    const rest = outer === 'auth' ? { token: 'secret' } : {}
    refused.push((value) => {
      const options = nested(name, value)
      return refusedManaged({
        [outer]:
          typeof options[outer] === 'object' ? { ...rest, ...(options[outer] as object) } : options[outer],
      })
    })
  }
  if (poolOptionNames.includes(outer)) refused.push((value) => refusedPool(nested(name, value)))

  if (name === 'linger')
    refused.push((linger) => failure(() => webSocket({ url: 'ws://a.test', linger } as never)))

  for (const make of [natsJetStream, redisAdapter, rabbitmqAdapter]) {
    const given = nested(name, defaults[name].value) as never
    if (failure(() => make(given)) === undefined) {
      refused.push((value) => failure(() => make(nested(name, value))))
    }
  }

  test('is an option of one side at least', () => {
    expect(refused.length).toBeGreaterThan(0)
  })

  test.each([
    ['below', min - 1],
    ['above', max + 1],
  ])('%s its bounds is a RangeError that names it', (_name, value) => {
    for (const check of refused) {
      const error = check(value)
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({ code: 'INVALID_OPTION' })
      expect(error!.message).toContain(`\`${name}\``)
    }
  })

  test.each([[1.5], ['5'], [NaN], [Infinity], [null], [{}]])('%p is a TypeError', (value) => {
    for (const check of refused) {
      const error = check(value)
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    }
  })
})

test('defaults reach the native part', async () => {
  const common = {
    maxPayload: 16 << 20,
    highWaterMark: 1 << 20,
    maxHeaderSize: 16 << 10,
    handshakeTimeout: 10_000,
    closeTimeout: 10_000,
    idleTimeout: 0,
    heartbeatInterval: 30_000,
    heartbeatTimeout: 5_000,
    deflate: null,
  }
  expect(client({})).toMatchObject({ ...common, connectTimeout: 10_000, attemptDelay: 250, family: 0 })
  expect(await server({})).toMatchObject({
    ...common,
    maxBackpressure: 64 << 20,
    backlog: 511,
    reusePort: false,
    maxConnections: 0,
    slowConsumer: 0,
    origins: [],
    protocols: [],
    path: '',
  })
})

test('heartbeat', () => {
  expect(client({ heartbeat: false })).toMatchObject({ heartbeatInterval: 0, heartbeatTimeout: 0 })
  expect(client({ heartbeat: true })).toMatchObject({ heartbeatInterval: 30_000 })
  expect(client({ heartbeat: { interval: 5 } })).toMatchObject({
    heartbeatInterval: 5,
    heartbeatTimeout: 5_000,
  })
  expect(refusedClient({ heartbeat: 5 })).toMatchObject({ code: 'INVALID_OPTION' })
})

test('perMessageDeflate', async () => {
  const on = {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
    threshold: 1024,
    level: 6,
    memLevel: 8,
  }
  expect(client({ perMessageDeflate: true }).deflate).toEqual(on)
  expect(client({ perMessageDeflate: { level: 1, clientNoContextTakeover: false } }).deflate).toEqual({
    ...on,
    level: 1,
    clientNoContextTakeover: false,
  })
  // zlib inflates with 8 bits but does not deflate with them.
  expect(client({ perMessageDeflate: { serverMaxWindowBits: 8 } }).deflate).toMatchObject({
    serverMaxWindowBits: 8,
  })
  expect(refusedClient({ perMessageDeflate: { clientMaxWindowBits: 8 } })).toBeInstanceOf(RangeError)
  expect((await server({ perMessageDeflate: { clientMaxWindowBits: 8 } })).deflate).toMatchObject({
    clientMaxWindowBits: 8,
  })
  expect(refusedServer({ port: 0, perMessageDeflate: { serverMaxWindowBits: 8 } })).toBeInstanceOf(RangeError)
  expect(refusedServer({ port: 0, perMessageDeflate: 'yes' })).toBeInstanceOf(TypeError)
})

test('highWaterMark follows a smaller maxBackpressure, but must not be set above it', () => {
  expect(client({ maxBackpressure: 1000 })).toMatchObject({ highWaterMark: 1000 })
  expect(refusedClient({ maxBackpressure: 1000, highWaterMark: 1001 })).toBeInstanceOf(RangeError)
})

describe('names that are not known', () => {
  test.each([
    [
      () => refusedClient({ maxPayLoad: 5 }),
      /WebSocket has no option `maxPayLoad`. Did you mean `maxPayload`\?/,
    ],
    [
      () => refusedClient({ heartbeat: { intervall: 5 } }),
      /`heartbeat.intervall`. Did you mean `heartbeat.interval`\?/,
    ],
    [() => refusedServer({ prot: 80 }), /WebSocketServer has no option `prot`. Did you mean `port`\?/],
    [() => refusedServer({ port: 0, tls: { certt: 'x' } }), /`tls.certt`. Did you mean `tls.cert`\?/],
    [
      () => refusedServer({ port: 0, perMessageDeflate: { thresold: 1 } }),
      /Did you mean `perMessageDeflate.threshold`\?/,
    ],
    [() => refusedClient({ somethingElseEntirely: 1 }), /has no option `somethingElseEntirely`$/],
  ])('%#', (check, message) => {
    const error = check()
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    expect(error!.message).toMatch(message)
  })

  test('undefined is like leaving it out', () => {
    expect(client({ maxPayload: undefined, unheardOf: undefined })).toMatchObject({ maxPayload: 16 << 20 })
  })

  test('nearest', () => {
    expect(nearest('tsl', ['tls', 'port'])).toBe('tls')
    expect(nearest('PORT', ['tls', 'port'])).toBe('port')
    expect(nearest('qqqqqqqq', ['tls', 'port'])).toBeUndefined()
  })
})

describe('types', () => {
  test.each<[string, unknown]>([
    ['headers', 'X: y'],
    ['origin', 5],
    ['family', 5],
    ['localAddress', 5],
    ['lookup', 'dns'],
    ['socketPath', 5],
    ['followRedirects', 'yes'],
    ['signal', {}],
    ['servername', 5],
    ['ca', 5],
    ['cert', 'without a key'],
    ['key', 'without a certificate'],
    ['pfx', 5],
    ['rejectUnauthorized', 0],
    ['ALPNProtocols', 'h2'],
    ['ALPNProtocols', ['']],
    ['minVersion', 'TLSv1.1'],
    ['maxVersion', 'SSLv3'],
  ])('client: %s: %p', (name, value) => {
    const error = refusedClient({ [name]: value })
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    expect(error!.message).toContain(name)
  })

  test.each<[string, unknown]>([
    ['port', -1],
    ['port', 65536],
    ['port', '80'],
    ['host', 5],
    ['tls', true],
    ['tls', {}],
    ['path', 'no/slash'],
    ['origins', 'https://a.test'],
    ['verify', true],
    ['protocols', ['a b']],
    ['handleProtocols', 'a'],
    ['slowConsumer', 'wait'],
    ['reusePort', 1],
    ['clientTracking', 1],
  ])('server: %s: %p', (name, value) => {
    const error = refusedServer({ port: 0, [name]: value })
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
  })

  test.each([
    [undefined],
    [{}],
    [{ port: 0, noServer: true }],
    [{ port: 0, socketPath: '/x' }],
    [{ server: {} }],
    [{ noServer: true, tls: { cert: 'c', key: 'k' } }],
  ])('server: %p', (options) => {
    expect(refusedServer(options)).toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('options that are no object', () => {
    for (const options of [5, 'x', null])
      expect(refusedClient(options)).toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('cert and pfx exclude each other', () => {
    expect(refusedClient({ cert: 'c', key: 'k', pfx: 'p' })).toMatchObject({ code: 'INVALID_OPTION' })
    expect(refusedClient({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' })).toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})
