// Unix sockets and HTTP CONNECT proxies.
import { certificates } from '../support/certificates'
import { HttpProxy, type ProxyRules } from '../support/http-proxy'
import { failure, useScope } from '../support/scope'
import { event } from '../support/waiters'

const scope = useScope()

async function proxy(rules?: ProxyRules): Promise<HttpProxy> {
  const it = await HttpProxy.listen(rules)
  scope.defer(() => it.close())
  return it
}

describe('unix sockets', () => {
  test('the client connects to ws+unix:', async () => {
    const path = scope.socketPath()
    const raw = await scope.rawServer(path)
    const accepted = raw.accepted()
    const client = await scope.opened(`ws+unix:${path}:/chat?x=1`)
    const peer = await accepted
    expect(peer.head!.first).toBe('GET /chat?x=1 HTTP/1.1')
    const message = event<[string]>(client, 'message')
    peer.text('over a path')
    expect((await message)[0]).toBe('over a path')
  })

  test('without a target the target is /', async () => {
    const path = scope.socketPath()
    const raw = await scope.rawServer(path)
    const accepted = raw.accepted()
    await scope.opened(`ws+unix:${path}`)
    expect((await accepted).head!.first).toBe('GET / HTTP/1.1')
  })

  test('the server listens on socketPath', async () => {
    const { server, url } = await scope.unixServer()
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
    const client = await scope.opened(url)
    const echo = event<[string]>(client, 'message')
    client.send('there and back')
    expect((await echo)[0]).toBe('there and back')
  })

  test('a path where nothing listens', async () => {
    const { error, code } = await failure(scope.client(`ws+unix:${scope.socketPath()}:/`))
    expect(['CONNECTION_REFUSED', 'CONNECTION_FAILED']).toContain(error['code'])
    expect(code).toBe(1006)
  })
})

describe('proxy', () => {
  test('a tunnel is asked for, and the handshake goes through it', async () => {
    const { port, url } = await scope.server()
    const via = await proxy()
    const client = await scope.opened(url, [], { proxy: `http://127.0.0.1:${via.port}` })
    expect(client.readyState).toBe(1)
    expect(via.requests).toHaveLength(1)
    expect(via.requests[0].target).toBe(`127.0.0.1:${port}`)
    expect(via.requests[0].headers['proxy-authorization']).toBeUndefined()
  })

  test('the name is left for the proxy to resolve', async () => {
    const { port } = await scope.server()
    const via = await proxy()
    await scope.opened(`ws://localhost:${port}/`, [], { proxy: `http://127.0.0.1:${via.port}` })
    expect(via.requests[0].target).toBe(`localhost:${port}`)
  })

  test('wss goes through the tunnel, and the certificate is checked against the target', async () => {
    const { ca, server: tls, wrongHost } = certificates()
    const good = await scope.server({ tls })
    const via = await proxy()
    const options = { proxy: `http://127.0.0.1:${via.port}`, ca }
    await scope.opened(good.url, [], options)
    const bad = await scope.server({ tls: wrongHost })
    const { error } = await failure(scope.client(bad.url, [], options))
    expect(error['code']).toBe('TLS_HOSTNAME_MISMATCH')
  })

  test.each([
    ['in the address', (port: number) => `http://us%20er:pass%40word@127.0.0.1:${port}`],
    ['in a URL', (port: number) => new URL(`http://us%20er:pass%40word@127.0.0.1:${port}`)],
  ])('credentials %s', async (_name, address) => {
    const { url } = await scope.server()
    const via = await proxy({ credentials: 'us er:pass@word' })
    await scope.opened(url, [], { proxy: address(via.port) })
  })

  test('further headers go to the proxy alone', async () => {
    const raw = await scope.rawServer()
    const accepted = raw.accepted()
    const via = await proxy()
    await scope.opened(`ws://127.0.0.1:${raw.port}/`, [], {
      proxy: { url: `http://127.0.0.1:${via.port}`, headers: { 'X-Via': 'me' } },
      headers: { 'X-To': 'you' },
    })
    const { headers } = (await accepted).head!
    expect([headers['x-via'], headers['x-to']]).toEqual([undefined, 'you'])
    expect([via.requests[0].headers['x-via'], via.requests[0].headers['x-to']]).toEqual(['me', undefined])
  })

  test('407 says so', async () => {
    const { url } = await scope.server()
    const via = await proxy({ credentials: 'a:b' })
    const { error, code } = await failure(scope.client(url, [], { proxy: `http://127.0.0.1:${via.port}` }))
    expect([error['code'], code]).toEqual(['PROXY_FAILED', 1006])
    expect(error.message).toContain('407')
  })

  test.each([
    ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', /403/],
    ['502', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n', /502/],
    ['bytes that are no HTTP', 'SOCKS says no\r\n\r\n', /./],
    ['nothing but the end', ' ', /./],
  ])('a refusal by %s', async (_name, refuse, message) => {
    const { url } = await scope.server()
    const via = await proxy({ refuse })
    const { error, code } = await failure(scope.client(url, [], { proxy: `http://127.0.0.1:${via.port}` }))
    expect([error['code'], code]).toEqual(['PROXY_FAILED', 1006])
    expect(error.message).toMatch(message)
  })

  test('a proxy that never answers ends with connectTimeout', async () => {
    const { url } = await scope.server()
    const via = await proxy({ silent: true })
    const { error } = await failure(
      scope.client(url, [], { proxy: `http://127.0.0.1:${via.port}`, connectTimeout: 200 }),
    )
    expect(error['code']).toBe('CONNECT_TIMEOUT')
  })
})
