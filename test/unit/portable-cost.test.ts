// What a message of a feed costs the portable engine beside its parsing: the calls that can be counted.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'undici'
import { WebSocketClient, WebSocketServer } from '../../lib'

test('messages for the program alone ask for no time and set no timer', async () => {
  const server = new WebSocketServer({ port: 0 })
  await once(server, 'listening')
  const total = 1_000
  const client = new WebSocketClient({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hawser: false,
    WebSocket,
  })
  const asked = jest.spyOn(performance, 'now')
  const planned = jest.spyOn(globalThis, 'setTimeout')
  const cleared = jest.spyOn(globalThis, 'clearTimeout')
  try {
    const connected = once(server, 'connection')
    let seen = 0
    const all = new Promise<void>((resolve) => {
      client.on('tick', () => {
        if (++seen === total) resolve()
      })
    })
    await client.connect()
    const [peer] = (await connected) as [{ send: (text: string) => void }]
    for (let n = 0; n < total; n++) peer.send(JSON.stringify({ type: 'tick', payload: { n } }))
    await all
    // The platform and the rest of the process have their own, a few for many messages.
    for (const { mock } of [asked, planned, cleared]) expect(mock.calls.length).toBeLessThan(total / 4)
  } finally {
    jest.restoreAllMocks()
    await client.close()
    await server.close()
  }
})
