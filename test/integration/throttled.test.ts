// A link that lets a few bytes through at a time: large messages are complete and in order all the same.
import { certificates } from '../support/certificates'
import { Random, sha256 } from '../support/random'
import { observe, useScope } from '../support/scope'
import type { WebSocket } from '../support/subject'
import { TcpProxy } from '../support/tcp-proxy'
import { event } from '../support/waiters'

const scope = useScope()
const random = new Random()
const made = certificates()
const kept = {
  perMessageDeflate: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false },
}

/** Bytes of the messages; the large ones are larger than what one turn of the I/O thread reads or writes. */
const sizes = [0, 1, 40_000, 125, 100_000, 126, 3]

test.each([
  ['plain', {}, {}],
  ['compressed', kept, kept],
  ['TLS', { tls: made.server }, { ca: made.ca }],
  ['TLS, compressed', { tls: made.server, ...kept }, { ca: made.ca, ...kept }],
])('%s', async (_name, serverOptions, clientOptions) => {
  const { server, port, url } = await scope.server(serverOptions)
  const proxy = await TcpProxy.listen(port)
  scope.defer(() => proxy.close())
  proxy.throttle(() => 1 + random.below(16))
  const connection = event<[WebSocket]>(server, 'connection')
  const client = await scope.opened(url.replace(String(port), String(proxy.port)), [], clientOptions)
  const [socket] = await connection
  const sent = sizes.map((size, i) => (i % 2 === 0 ? random.bytes(size) : random.text(size)))
  const ends = [observe(client), observe(socket)]
  for (const end of ends) for (const data of sent) end.socket.send(data)
  for (const end of ends)
    expect((await end.received(sent.length)).map((m) => sha256(m.data as Buffer))).toEqual(sent.map(sha256))
  client.close(4000, 'enough')
  const [here, there] = await Promise.all(ends.map((end) => end.closed))
  expect([here.code, there]).toEqual([4000, { code: 4000, reason: 'enough' }])
})
