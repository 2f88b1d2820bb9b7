// `maxConnectionsPerAddress`: who is refused, when there is room again, and where the peer's address comes from.
import * as http from 'node:http'
import * as https from 'node:https'
import * as net from 'node:net'
import * as tls from 'node:tls'
import { certificates } from '../support/certificates'
import { RawPeer, upgradeRequest } from '../support/raw-peer'
import { useScope } from '../support/scope'
import { WebSocketServer } from '../support/subject'
import { event, until } from '../support/waiters'

const scope = useScope()

async function enter(port: number, host = '127.0.0.1', from?: string): Promise<RawPeer> {
  const peer = new RawPeer(
    net.connect({ port, host, ...(from === undefined ? {} : { localAddress: from }) }),
    'client',
  )
  scope.defer(() => peer.destroy())
  peer.upgrade()
  await peer.readHead()
  return peer
}
const status = ({ head }: RawPeer): string | undefined => head?.first.split(' ')[1]

test('one more is answered 429, others are let in, and so is the next when one has gone', async () => {
  const { server, port } = await scope.server({ maxConnectionsPerAddress: 2 })
  const first = await enter(port)
  expect(status(await enter(port))).toBe('101')
  const refused = await enter(port)
  expect(refused.head).toMatchObject({
    first: 'HTTP/1.1 429 Too Many Requests',
    headers: { 'retry-after': '5', connection: 'close' },
  })
  expect(await refused.readBody()).toBe('Too many connections come from this address.\n')
  expect(status(await enter(port, '127.0.0.1', '127.0.0.2'))).toBe('101')
  await until(() => server.clients.size === 3)
  expect(server._topics.gauges()).toMatchObject({ refusedAddress: 1, refusedFull: 0 })
  first.reset()
  await until(() => server.clients.size === 2)
  expect(status(await enter(port))).toBe('101')
  expect(status(await enter(port))).toBe('429')
})

test('who is being asked about counts already; who is refused does not', async () => {
  const verdicts: ((verdict: boolean) => void)[] = []
  const verify = (): Promise<boolean> => new Promise((resolve) => verdicts.push(resolve))
  const { port } = await scope.server({ maxConnectionsPerAddress: 1, verify })
  const first = enter(port)
  await until(() => verdicts.length === 1)
  expect(status(await enter(port))).toBe('429')
  verdicts[0](false)
  expect(status(await first)).toBe('403')
  await (
    await first
  ).ended
  const second = enter(port)
  await until(() => verdicts.length === 2)
  verdicts[1](true)
  expect(status(await second)).toBe('101')
})

test('behind an http and an https server of Node', async () => {
  const { server: secure } = certificates()
  for (const front of [http.createServer(), https.createServer({ cert: secure.cert, key: secure.key })]) {
    const server = scope.track(
      new WebSocketServer({ server: front, maxConnectionsPerAddress: 1, heartbeat: false }),
    )
    front.listen(0, '127.0.0.1')
    await event(server, 'listening')
    scope.defer(() => front.close())
    const { port } = front.address() as net.AddressInfo
    const dial = async (): Promise<RawPeer> => {
      const socket =
        front instanceof https.Server
          ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
          : net.connect(port, '127.0.0.1')
      const peer = new RawPeer(socket, 'client')
      scope.defer(() => peer.destroy())
      socket.write(upgradeRequest())
      await peer.readHead()
      return peer
    }
    const first = await dial()
    const second = await dial()
    expect([status(first), status(second)]).toEqual(['101', '429'])
    expect(await second.readBody()).toContain('address')
    await until(() => server.clients.size === 1)
    first.destroy()
    await until(() => server.clients.size === 0)
    expect(status(await dial())).toBe('101')
  }
})

test('IPv6 counts apart from IPv4, which counts as itself where it comes mapped', async () => {
  const { port } = await scope.server({ host: '::', maxConnectionsPerAddress: 1 })
  expect(status(await enter(port))).toBe('101')
  expect(status(await enter(port, '::1'))).toBe('101')
  expect([status(await enter(port)), status(await enter(port, '::1'))]).toEqual(['429', '429'])
})

test('peers on a unix socket have no address', async () => {
  const { server, path } = await scope.unixServer({ maxConnectionsPerAddress: 1 })
  for (let i = 0; i < 3; i++) {
    const peer = (await scope.rawClient(path)).upgrade()
    await peer.readHead()
    expect(status(peer)).toBe('101')
  }
  await until(() => server.clients.size === 3)
})
