// A page's client with the option `auth`: what it does until the part for tokens is there.
import { WebSocket } from 'undici'
import type * as Lib from '../../lib'
import { useHubs } from '../integration/support/hubs'

const { WebSocketClient } = jest.requireActual<typeof Lib>('../../dist/browser/index.mjs')
const { parts } = jest.requireActual<{ parts: Record<string, unknown> }>('../../dist/browser/core.mjs')
const scope = useHubs()

const clients: Lib.WebSocketClient[] = []
// For each client it is not there yet.
beforeEach(() => delete parts.tokens)
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())))

/** A hub that lets in those who know the word, and a client; what each of them was asked. */
async function rig(auth: object = {}) {
  const log: string[] = []
  const { url } = await scope.hub({
    auth: {
      at: 'message',
      verify: (_request, token) => {
        log.push(`shown ${token}`)
        return token === 'word' ? { userId: 'u' } : undefined
      },
    },
  })
  const token = (reason: string): string => {
    log.push(`asked: ${reason}`)
    return 'word'
  }
  const client = new WebSocketClient({
    url,
    WebSocket: WebSocket,
    auth: { token, ...auth } as never,
  })
  clients.push(client)
  return { client, log }
}

test('asks for a token once the part is there, and shows it', async () => {
  const { client, log } = await rig()
  const connected = client.connect()
  expect(log).toEqual([])
  await connected
  expect(log).toEqual(['asked: connect', 'shown word'])
  await client.close()
})

test('a token that the program gives before is the one that is shown; nobody is asked', async () => {
  const { client, log } = await rig()
  await client.authenticate('word')
  await client.connect()
  expect(log).toEqual(['shown word'])
  await client.close()
})

test('closed before the part has come, it asks nobody', async () => {
  const { client, log } = await rig()
  const connected = client.connect()
  await client.close()
  await expect(connected).rejects.toMatchObject({ code: 'ABORTED' })
  expect(log).toEqual([])
})

test('what is wrong inside of `auth` is told when the part is there', async () => {
  const { client } = await rig({ refreshBefore: -1 })
  const told: unknown[] = []
  client.on('error', ({ code }) => told.push(code))
  await expect(client.connect()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  expect(told[0]).toBe('INVALID_OPTION')
  await client.close()
})
