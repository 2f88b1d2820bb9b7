// Clients and servers of other makes, over TCP and TLS, with and without compression, from nothing to 16 MiB.
import { certificates } from '../support/certificates'
import { Child } from '../support/child'
import {
  clientProgram,
  clientRuntimes,
  serverProgram,
  serverRuntimes,
  type PeerRuntime,
} from '../support/peer-programs'
import { Random, sha256 } from '../support/random'
import { useScope } from '../support/scope'
import type { WebSocket } from '../support/subject'
import { DEADLINE, within } from '../support/waiters'

const scope = useScope()
const random = new Random()
const MiB = 1024 * 1024
const SIZES = [
  0,
  0,
  1,
  1,
  125,
  125,
  126,
  126,
  127,
  127,
  4096,
  4096,
  65535,
  65535,
  65536,
  65536,
  100_000,
  100_000,
  MiB,
  MiB,
  16 * MiB,
  16 * MiB,
]
const LIMITS = { maxPayload: 17 * MiB, maxBackpressure: 256 * MiB }
const made = certificates()
/** A peer's compression of these sizes is work for seconds, and for many where others work beside it. */
const LONG = 3 * DEADLINE
jest.setTimeout(LONG + DEADLINE)

function child(runtime: PeerRuntime, script: string): Child {
  const it = new Child(script, {
    executable: runtime.executable,
    bare: true,
    env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
  })
  scope.defer(() => it.kill())
  return it
}

const variants: [string, boolean, boolean][] = [
  ['plain', false, false],
  ['plain, compressed', false, true],
  ['TLS', true, false],
  ['TLS, compressed', true, true],
]

describe.each(clientRuntimes().map((runtime) => [runtime.name, runtime] as const))(
  'client: %s',
  (_name, runtime) => {
    test.each(variants)('%s', async (_variant, secure, deflate) => {
      const { server, url } = await scope.server({
        ...(secure ? { tls: made.server } : {}),
        ...LIMITS,
        perMessageDeflate: deflate,
      })
      server.on('connection', (socket) => {
        socket.on('error', () => {})
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      })
      const outcome = await child(runtime, clientProgram(runtime, url, SIZES, deflate)).exit(LONG)
      expect(outcome.stdout).toMatch(/closed 1000 /)
      expect(outcome.stdout).not.toContain('mismatch')
      if (deflate) expect(outcome.stdout).toContain('extensions permessage-deflate')
    })
  },
)

describe.each(serverRuntimes().map((runtime) => [runtime.name, runtime] as const))(
  'server: %s',
  (_name, runtime) => {
    test.each(variants)('%s', async (_variant, secure, deflate) => {
      const peer = child(runtime, serverProgram(runtime, deflate, secure ? made.server : undefined))
      const port = (await peer.says(/port (\d+)/))[1]
      const client = await scope.opened(`${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/`, [], {
        ca: made.ca,
        ...LIMITS,
        perMessageDeflate: deflate,
      })
      if (deflate) expect(client.extensions).toContain('permessage-deflate')
      await echoes(client, SIZES)
    })
  },
)

/** Sends every size as binary and as text, fragmented now and then, and demands all back in order. */
async function echoes(client: WebSocket, sizes: number[]): Promise<void> {
  const sent: string[] = []
  const got: string[] = []
  const done = new Promise<void>((resolve, reject) => {
    client.on('close', (code) =>
      reject(new Error(`closed with ${code} after ${got.length} of ${sizes.length}`)),
    )
    client.on('message', (data, isBinary) => {
      got.push(`${isBinary ? 'binary' : 'text'} ${data.length} ${sha256(data)}`)
      if (got.length === sizes.length) resolve()
    })
  })
  sizes.forEach((size, i) => {
    const data = i % 2 === 0 ? random.bytes(size) : random.text(size)
    sent.push(`${i % 2 === 0 ? 'binary' : 'text'} ${data.length} ${sha256(data)}`)
    if (size > 100 && size < 200_000 && i % 2 === 0) {
      const bytes = data as Buffer
      client.send(bytes.subarray(0, 50), { fin: false })
      client.send(bytes.subarray(50, 51), { fin: false })
      client.send(bytes.subarray(51), { fin: true })
    } else client.send(data)
  })
  await within(done, 'all echoes', LONG)
  expect(got).toEqual(sent)
}

test.each(variants)('ours at both ends: %s', async (_variant, secure, deflate) => {
  const perMessageDeflate = deflate && { serverNoContextTakeover: false, clientNoContextTakeover: false }
  const { client, socket } = await scope.pair(
    { ...(secure ? { tls: made.server } : {}), ...LIMITS, perMessageDeflate },
    { ca: made.ca, ...LIMITS, perMessageDeflate },
  )
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  await echoes(client, SIZES)
})
