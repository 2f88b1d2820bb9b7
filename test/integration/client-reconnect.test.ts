// Connecting, losing the connection and coming back, against real servers that stop, restart and refuse.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { event, within } from '../support/waiters'
import { brisk, rejection, useManaged } from './support/managed'
import { reconnectCases } from './support/reconnect-cases'

type Refuse = (accept: boolean, status: number) => void

const scope = useManaged()

reconnectCases(scope)

describe('answers that are no 101', () => {
  async function refusing(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    let count = 0
    const server = createServer()
    server.on('upgrade', (request, socket) => {
      count++
      const response = {
        writeHead(status: number, lines: Record<string, string> = {}) {
          const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
          socket.end(`HTTP/1.1 ${status} x\r\n${head.join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`)
        },
      } as unknown as ServerResponse
      answer(request, response)
    })
    server.listen(0, '127.0.0.1')
    await event(server, 'listening')
    scope.defer(() => new Promise((resolve) => server.close(resolve)))
    return {
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      get count() {
        return count
      },
    }
  }

  test.each([
    [401, 'AUTHENTICATION_FAILED'],
    [403, 'UNAUTHORIZED'],
    [404, 'UNEXPECTED_RESPONSE'],
    [400, 'UNEXPECTED_RESPONSE'],
    [302, 'UNEXPECTED_RESPONSE'],
  ])('%i is final: %s', async (status, code) => {
    const server = await refusing((_request, response) => void response.writeHead(status))
    const watched = scope.managed(server.url)
    const error = await rejection(watched.client.connect())
    expect(error).toMatchObject({ code, statusCode: status, recoverable: false })
    expect(watched.states).toEqual(['connecting', 'failed'])
    expect(server.count).toBe(1)
  })

  test.each([500, 502, 503, 429, 408])('%i is one to come back from', async (status) => {
    const server = await refusing((_request, response) => void response.writeHead(status))
    const watched = scope.managed(server.url)
    const connected = watched.client.connect()
    await watched.until(() => watched.errors.length >= 2, 'two refusals')
    expect(watched.errors[0]).toMatchObject({
      code: 'UNEXPECTED_RESPONSE',
      statusCode: status,
      recoverable: true,
    })
    expect(watched.states).toEqual(['connecting', 'reconnecting'])
    const over = rejection(connected)
    await watched.client.disconnect()
    expect(await over).toMatchObject({ code: 'ABORTED' })
  })

  test('Retry-After of a 503 is waited for', async () => {
    const server = await refusing(
      (_request, response) => void response.writeHead(503, { 'Retry-After': '30' }),
    )
    const watched = scope.managed(server.url)
    const connected = rejection(watched.client.connect())
    await watched.reached('reconnecting')
    expect(watched.last('reconnecting')!.nextDelay).toBeGreaterThanOrEqual(30_000)
    // disconnect() does not wait for it.
    await within(watched.client.disconnect(), 'disconnect()')
    expect(await connected).toMatchObject({ code: 'ABORTED' })
    expect(server.count).toBe(1)
  })
})

describe('codes and counts of the program', () => {
  test('maxAttempts: what the server answered is reachable through the cause', async () => {
    const far = await scope.far({ server: { verifyClient: (_: unknown, say: Refuse) => say(false, 503) } })
    const { client } = scope.managed(far, { reconnect: { ...brisk, maxAttempts: 1 } })
    const error = await rejection(client.connect())
    expect(error).toMatchObject({ code: 'RETRIES_EXHAUSTED', cause: { statusCode: 503 } })
  })
})

describe('peers that go silent', () => {
  test('a peer that answers no ping is noticed by the heartbeat', async () => {
    const raw = await scope.rawServer()
    const accepted = raw.accepted()
    const watched = await scope.connected(`ws://127.0.0.1:${raw.port}/`, {
      heartbeat: { interval: 30, timeout: 40 },
    })
    await accepted
    await watched.reached('reconnecting')
    expect(watched.errors[0]).toMatchObject({ code: 'HEARTBEAT_TIMEOUT', recoverable: true })
  })

  test('a listener that never answers the handshake runs into the timeout', async () => {
    const raw = await scope.rawServer()
    const watched = scope.managed(`ws://127.0.0.1:${raw.port}/`, { handshakeTimeout: 50 })
    const connected = rejection(watched.client.connect())
    await watched.until(() => watched.errors.length >= 2, 'two timeouts')
    expect(watched.codes.slice(0, 2)).toEqual(['HANDSHAKE_TIMEOUT', 'HANDSHAKE_TIMEOUT'])
    await watched.client.disconnect()
    await connected
  })
})
