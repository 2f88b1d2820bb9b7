// Every way in which a connection attempt fails has a code of its own, and close(1006) follows once.
import * as net from 'node:net'
import { refusingPort } from '../support/addresses'
import { fullBacklog } from '../support/full-backlog'
import { failure, useScope } from '../support/scope'
import { counter, event, turns } from '../support/waiters'
import { HawserError, WebSocket, WebSocketServer } from '../support/subject'

const scope = useScope()
type Lookup = (
  host: string,
  options: unknown,
  cb: (error: Error | null, addresses: unknown, family?: number) => void,
) => void

/** A lookup that gives these addresses, in either of the two shapes of dns.lookup. */
function resolvesTo(...addresses: string[]): Lookup {
  return (_host, options, cb) => {
    const list = addresses.map((address) => ({ address, family: net.isIP(address) }))
    if ((options as { all?: boolean }).all) cb(null, list)
    else cb(null, list[0].address, list[0].family)
  }
}

async function closedPort(): Promise<number> {
  const refusing = await refusingPort()
  scope.defer(() => refusing.close())
  return refusing.port
}

test('nothing listens', async () => {
  const client = scope.client(`ws://127.0.0.1:${await closedPort()}/`)
  const closes = counter(client, 'close')
  const { error, code } = await failure(client)
  expect(error).toBeInstanceOf(HawserError)
  expect([error['code'], code]).toEqual(['CONNECTION_REFUSED', 1006])
  expect(error['recoverable']).toBe(true)
  expect(client.readyState).toBe(3)
  await turns()
  expect(closes.calls).toHaveLength(1)
})

test('the connection is reset during the handshake', async () => {
  const raw = (await scope.rawServer()).answer((peer) => void peer.reset())
  const { error, code } = await failure(scope.client(`ws://127.0.0.1:${raw.port}/`))
  expect([error['code'], code]).toEqual(['CONNECTION_RESET', 1006])
})

test('a name that does not resolve', async () => {
  const lookup: Lookup = (host, _options, cb) => {
    cb(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host }), [])
  }
  const { error, code } = await failure(scope.client('ws://nowhere.invalid/', [], { lookup }))
  expect([error['code'], code]).toEqual(['DNS_FAILED', 1006])
  expect(error.message).toMatch(/nowhere\.invalid|ENOTFOUND/)
})

test("a name that the system's resolver does not know", async () => {
  const { error } = await failure(scope.client('ws://no-such-name.invalid/', [], { connectTimeout: 8000 }))
  expect(['DNS_FAILED', 'CONNECT_TIMEOUT']).toContain(error['code'])
})

test.each<[string, Lookup]>([
  [
    'throws',
    () => {
      throw new Error('broken lookup')
    },
  ],
  ['gives no address', (_host, _options, cb) => cb(null, [])],
  ['gives no address text', (_host, _options, cb) => cb(null, [{ address: 'not an address', family: 4 }])],
])('a lookup that %s', async (_name, lookup) => {
  const { error, code } = await failure(scope.client('ws://somewhere.test/', [], { lookup }))
  expect([error['code'], code]).toEqual(['DNS_FAILED', 1006])
})

test('the injected lookup is asked for the name and its address is used', async () => {
  const { port } = await scope.server()
  const asked: string[] = []
  const lookup: Lookup = (host, options, cb) => {
    asked.push(host)
    resolvesTo('127.0.0.1')(host, options, cb)
  }
  const client = await scope.opened(`ws://some.name.test:${port}/`, [], { lookup })
  expect(client.readyState).toBe(1)
  expect(asked).toEqual(['some.name.test'])
})

test('an address needs no lookup', async () => {
  const { url } = await scope.server()
  const lookup = jest.fn()
  await scope.opened(url, [], { lookup })
  expect(lookup).not.toHaveBeenCalled()
})

test('a lookup that never answers ends with connectTimeout', async () => {
  const { error, code } = await failure(
    scope.client('ws://slow.test/', [], { lookup: () => {}, connectTimeout: 100 }),
  )
  expect([error['code'], code]).toEqual(['CONNECT_TIMEOUT', 1006])
})

test('a host whose queue is full ends with connectTimeout', async () => {
  const full = await fullBacklog()
  scope.defer(() => full.close())
  const { error, code } = await failure(
    scope.client(`ws://127.0.0.1:${full.port}/`, [], { connectTimeout: 200 }),
  )
  expect([error['code'], code]).toEqual(['CONNECT_TIMEOUT', 1006])
})

test('happy eyeballs: the second address wins while the first hangs', async () => {
  const full = await fullBacklog()
  scope.defer(() => full.close())
  const server = await scope.rawServerAt('127.0.0.2', full.port)
  server.answer((peer) => peer.accept())
  const lookup = resolvesTo('127.0.0.1', '127.0.0.2')
  const client = await scope.opened(`ws://two.test:${full.port}/`, [], {
    lookup,
    attemptDelay: 50,
  })
  expect(client.readyState).toBe(1)
})

test('the second address is tried at once when the first refuses', async () => {
  const port = await closedPort()
  const server = await scope.rawServerAt('127.0.0.2', port)
  server.answer((peer) => peer.accept())
  const client = await scope.opened(`ws://two.test:${port}/`, [], {
    lookup: resolvesTo('127.0.0.1', '127.0.0.2'),
    attemptDelay: 2000,
  })
  expect(client.readyState).toBe(1)
})

test('when every address refuses, the code says so', async () => {
  const port = await closedPort()
  const { error } = await failure(
    scope.client(`ws://two.test:${port}/`, [], { lookup: resolvesTo('127.0.0.1', '127.0.0.2', '::1') }),
  )
  expect(error['code']).toBe('CONNECTION_REFUSED')
})

test('a server that accepts and says nothing ends with handshakeTimeout', async () => {
  const raw = await scope.rawServer()
  const { error, code } = await failure(
    scope.client(`ws://127.0.0.1:${raw.port}/`, [], { handshakeTimeout: 100 }),
  )
  expect([error['code'], code]).toEqual(['HANDSHAKE_TIMEOUT', 1006])
})

test('an answer that trickles ends with handshakeTimeout all the same', async () => {
  const raw = await scope.rawServer()
  const failed = failure(scope.client(`ws://127.0.0.1:${raw.port}/`, [], { handshakeTimeout: 300 }))
  const peer = await raw.next()
  await peer.readHead()
  await peer.flush(Buffer.from('HTTP/1.1 101 Switching Protocols\r\nX-A: '))
  expect((await failed).error['code']).toBe('HANDSHAKE_TIMEOUT')
})

describe('giving up', () => {
  test('close() while connecting: ABORTED, then 1006', async () => {
    const raw = await scope.rawServer()
    const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
    await raw.next()
    const failed = failure(client)
    client.close()
    expect(client.readyState).toBe(2)
    const { error, code } = await failed
    expect([error['code'], code]).toEqual(['ABORTED', 1006])
  })

  test('terminate() at once, before anything happened', async () => {
    const raw = await scope.rawServer()
    const client = scope.client(`ws://127.0.0.1:${raw.port}/`)
    const failed = failure(client)
    client.terminate()
    expect((await failed).code).toBe(1006)
    expect(client.readyState).toBe(3)
  })

  test('a signal that is aborted already', async () => {
    const raw = await scope.rawServer()
    const client = scope.client(`ws://127.0.0.1:${raw.port}/`, [], { signal: AbortSignal.abort() })
    const { error, code } = await failure(client)
    expect([error['code'], code]).toEqual(['ABORTED', 1006])
  })

  test('a signal that aborts during the handshake', async () => {
    const raw = await scope.rawServer()
    const abort = new AbortController()
    const client = scope.client(`ws://127.0.0.1:${raw.port}/`, [], { signal: abort.signal })
    const peer = await raw.next()
    await peer.readHead()
    const failed = failure(client)
    const reason = new Error('changed my mind')
    abort.abort(reason)
    const { error, code } = await failed
    expect([error['code'], code]).toEqual(['ABORTED', 1006])
    expect(error.cause).toBe(reason)
    await peer.ended
  })

  test('a signal that aborts an open connection drops it', async () => {
    const { url } = await scope.server()
    const abort = new AbortController()
    const client = await scope.opened(url, [], { signal: abort.signal })
    const failed = failure(client)
    abort.abort()
    expect((await failed).error['code']).toBe('ABORTED')
  })
})

test('an error without a listener is not thrown; close comes', async () => {
  const client = new WebSocket(`ws://127.0.0.1:${await closedPort()}/`)
  const [code] = await event<[number]>(client, 'close')
  expect(code).toBe(1006)
})

describe('listening', () => {
  test('an address in use', async () => {
    const { server, port } = await scope.server()
    expect((server.address() as net.AddressInfo).address).toBe('127.0.0.1')
    const second = new WebSocketServer({ port, host: '127.0.0.1' })
    const [error] = await event<[Error & { code: string }]>(second, 'error')
    expect(error.code).toBe('EADDRINUSE')
    await second.close()
  })

  test("an address that is not this machine's", async () => {
    const server = new WebSocketServer({ port: 0, host: '192.0.2.1' })
    const [error] = await event<[Error & { code: string }]>(server, 'error')
    expect(error.code).toBe('EADDRNOTAVAIL')
    await server.close()
  })
})

test('IPv6', async () => {
  const { server } = await scope.server({ host: '::1' })
  const client = await scope.opened(`ws://[::1]:${(server.address() as net.AddressInfo).port}/`)
  expect(client.readyState).toBe(1)
})
