// wss:// both ways: what is trusted, what is refused and how the error says why; client certificates, SNI, resumption.
import * as tls from 'node:tls'
import { certificates } from '../support/certificates'
import { RawPeer } from '../support/raw-peer'
import { failure, observe, useScope } from '../support/scope'
import { event } from '../support/waiters'
import { WebSocket, WebSocketServer } from '../support/subject'

const scope = useScope()
const made = certificates()
type Request = {
  tls?: {
    authorized: boolean
    servername?: string
    protocol: string
    alpn: string
    peerCertificate?: { subject: string }
  }
}

describe('the server is checked', () => {
  test.each([
    ['expired', made.expired, 'TLS_CERT_EXPIRED'],
    ['not valid yet', made.notYetValid, 'TLS_CERT_NOT_YET_VALID'],
    ['of an unknown authority', made.untrusted, 'TLS_CERT_UNTRUSTED'],
    ['self-signed', made.selfSigned, 'TLS_CERT_SELF_SIGNED'],
    ['for another host', made.wrongHost, 'TLS_HOSTNAME_MISMATCH'],
  ])('a certificate that is %s', async (_name, identity, code) => {
    const { url, server } = await scope.server({ tls: identity })
    const { error, code: close } = await failure(scope.client(url, [], { ca: made.ca }))
    expect([error['code'], close]).toEqual([code, 1006])
    expect(server.clients.size).toBe(0)
    const lenient = await scope.opened(url, [], { ca: made.ca, rejectUnauthorized: false })
    expect(lenient.readyState).toBe(1)
  })

  test("without `ca` Node's own roots hold, and they do not know ours", async () => {
    const { url } = await scope.server({ tls: made.server })
    const { error } = await failure(scope.client(url))
    expect(['TLS_CERT_UNTRUSTED', 'TLS_CERT_SELF_SIGNED']).toContain(error['code'])
  })

  test.each(['127.0.0.1', 'localhost'])('trusted as %s', async (host) => {
    const { port } = await scope.server({ tls: made.server })
    const client = await scope.opened(`wss://${host}:${port}/`, [], { ca: made.ca })
    expect(client.upgradeResponse!.tls).toMatchObject({ authorized: true, protocol: 'TLSv1.3' })
  })

  test('through an intermediate that the server sends', async () => {
    const { url } = await scope.server({ tls: made.chained })
    await scope.opened(url, [], { ca: made.ca })
  })

  test('`servername` decides the name that is checked', async () => {
    const { url } = await scope.server({ tls: made.wrongHost })
    await scope.opened(url, [], { ca: made.ca, servername: 'elsewhere.example' })
  })

  test('a list of authorities', async () => {
    const { url } = await scope.server({ tls: made.selfSigned })
    await scope.opened(url, [], { ca: [made.ca, made.selfSigned.cert] })
  })
})

describe('client certificates', () => {
  const demanding = { ...made.server, ca: made.ca, requestCert: true }

  test.each([
    ['cert and key', { cert: made.client.cert, key: made.client.key }],
    ['an encrypted key', { cert: made.client.cert, key: made.encryptedClientKey, passphrase: 'secret' }],
    ['pfx', { pfx: made.clientPfx, passphrase: 'secret' }],
  ])('by %s', async (_name, identity) => {
    const { server, url } = await scope.server({ tls: demanding })
    const connected = event<[WebSocket, Request]>(server, 'connection')
    await scope.opened(url, [], { ca: made.ca, ...identity })
    const [, request] = await connected
    expect(request.tls!.authorized).toBe(true)
    expect(request.tls!.peerCertificate!.subject).toContain('client one')
  })

  test.each([
    ['none', {}],
    ['one of an unknown authority', made.strangerClient],
  ])('%s is refused', async (_name, identity) => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const { server, url } = await scope.server({ tls: demanding })
      const { error, code } = await failure(
        scope.client(url, [], { ca: made.ca, ...identity, maxVersion: version }),
      )
      expect(code).toBe(1006)
      expect(error['code']).toMatch(/^TLS_|^CONNECTION_RESET$/)
      expect(server.clients.size).toBe(0)
    }
  })

  test('asked for but not demanded', async () => {
    const { server, url } = await scope.server({ tls: { ...demanding, rejectUnauthorized: false } })
    const connected = event<[WebSocket, Request]>(server, 'connection')
    await scope.opened(url, [], { ca: made.ca })
    expect((await connected)[1].tls!.authorized).toBe(false)
  })
})

test.each(['TLSv1.2', 'TLSv1.3'])('%s both ways, with messages', async (version) => {
  const { client, socket } = await scope.pair(
    { tls: { ...made.server, minVersion: version, maxVersion: version } },
    { ca: made.ca },
  )
  expect(client.upgradeResponse!.tls!.protocol).toBe(version)
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  const { received } = observe(client)
  const big = Buffer.alloc(1_000_000, 0x61)
  client.send('small')
  client.send(big)
  const [small, large] = await received(2)
  expect(small.data).toBe('small')
  expect(big.equals(large.data as Buffer)).toBe(true)
})

test('versions without overlap', async () => {
  const { url } = await scope.server({ tls: { ...made.server, maxVersion: 'TLSv1.2' } })
  const { error } = await failure(scope.client(url, [], { ca: made.ca, minVersion: 'TLSv1.3' }))
  expect(error['code']).toBe('TLS_HANDSHAKE_FAILED')
})

test('SNI chooses the certificate', async () => {
  const hosts = { 'elsewhere.example': made.wrongHost }
  const { server, url } = await scope.server({ tls: { ...made.server, hosts } })
  const connected = event<[WebSocket, Request]>(server, 'connection')
  const client = await scope.opened(url, [], { ca: made.ca, servername: 'elsewhere.example' })
  expect(client.upgradeResponse!.tls!.peerCertificate!.subject).toContain('elsewhere.example')
  expect((await connected)[1].tls!.servername).toBe('elsewhere.example')
  const other = await scope.opened(url, [], { ca: made.ca, servername: 'localhost' })
  expect(other.upgradeResponse!.tls!.peerCertificate!.subject).toContain('localhost')
})

test.each(['TLSv1.2', 'TLSv1.3'])(
  '%s: the second connection resumes the session of the first',
  async (version) => {
    const { url } = await scope.server({ tls: made.server })
    const options = { ca: made.ca, maxVersion: version }
    const first = await scope.opened(url, [], options)
    expect(first.upgradeResponse!.tls!.resumed).toBe(false)
    // A round trip brings the session tickets in.
    const pong = event(first, 'pong')
    first.ping()
    await pong
    const second = await scope.opened(url, [], options)
    expect(second.upgradeResponse!.tls!.resumed).toBe(true)
    expect(second.upgradeResponse!.tls!.authorized).toBe(true)
  },
)

test('plain text to a TLS server, and TLS to a plain one', async () => {
  const secure = await scope.server({ tls: made.server })
  const plain = await failure(scope.client(`ws://127.0.0.1:${secure.port}/`))
  expect([
    'INVALID_HANDSHAKE',
    'CONNECTION_RESET',
    'CONNECTION_LOST',
    'UNEXPECTED_RESPONSE',
    'CONNECTION_FAILED',
  ]).toContain(plain.error['code'])
  const open = await scope.server()
  const crossed = await failure(scope.client(`wss://127.0.0.1:${open.port}/`, [], { ca: made.ca }))
  expect(crossed.error['code']).toMatch(/^TLS_HANDSHAKE_FAILED$|^CONNECTION_RESET$|^CONNECTION_LOST$/)
})

test('a client of Node over TLS, with single-byte records', async () => {
  const { server, port } = await scope.server({ tls: made.server })
  const connected = event<[WebSocket]>(server, 'connection')
  const watched = connected.then(([socket]) => observe(socket))
  const raw = tls.connect({ port, host: '127.0.0.1', ca: made.ca, ALPNProtocols: ['http/1.1'] })
  scope.defer(() => raw.destroy())
  await event(raw, 'secureConnect')
  const peer = new RawPeer(raw, 'client').upgrade()
  await peer.readHead()
  await peer.writeChopped(peer.encode({ opcode: 1, payload: 'one byte a record' }), 1)
  expect((await (await watched).received(1))[0].data).toBe('one byte a record')
})

test('the end of TLS without close_notify is 1006', async () => {
  const { server, port } = await scope.server({ tls: made.server })
  const connected = event<[WebSocket]>(server, 'connection')
  const raw = tls.connect({ port, host: '127.0.0.1', ca: made.ca })
  await event(raw, 'secureConnect')
  const peer = new RawPeer(raw, 'client').upgrade()
  await peer.readHead()
  const { closed } = observe((await connected)[0])
  raw.destroy()
  expect((await closed).code).toBe(1006)
})

test.each([
  ['a certificate that is none', { cert: 'nonsense', key: made.server.key }],
  ['a key that does not fit', { cert: made.server.cert, key: made.client.key }],
  ['a wrong passphrase', { cert: made.client.cert, key: made.encryptedClientKey, passphrase: 'wrong' }],
  ['a pfx that is none', { pfx: Buffer.from('nonsense') }],
])('material that cannot be used throws at once: %s', async (_name, identity) => {
  const code = (make: () => { close?(): unknown; terminate?(): void }): string => {
    try {
      const it = make()
      it.terminate?.()
      return 'nothing thrown'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(code(() => new WebSocket('wss://127.0.0.1:1/', [], identity))).toBe('TLS_BAD_MATERIAL')
  expect(code(() => new WebSocketServer({ port: 0, host: '127.0.0.1', tls: identity }))).toBe(
    'TLS_BAD_MATERIAL',
  )
})
