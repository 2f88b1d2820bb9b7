// Heartbeats of managed clients: pings and messages, answered and not, also while the event loop is blocked.
import { Child } from '../support/child'
import { until, within } from '../support/waiters'
import { answering } from './support/far-end'
import { useManaged } from './support/managed'

const scope = useManaged()
const fast = { interval: 20, timeout: 10_000 }

/** Blocks the event loop until `holds`. */
function blockUntil(holds: () => boolean): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  const end = performance.now() + 30_000
  while (!holds()) {
    if (performance.now() > end) throw new Error(`nothing happened: ${holds.toString()}`)
    Atomics.wait(sleeper, 0, 0, 5)
  }
}

/** A server in another process, whose first \`silent\` connections answer nothing behind the handshake. */
async function elsewhere(silent: number): Promise<string> {
  const child = new Child(`
    const { createHash } = require('node:crypto')
    let count = 0
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => {})
      let head = ''
      const open = (chunk) => {
        head += chunk.toString('latin1')
        if (!head.includes('\\r\\n\\r\\n')) return
        socket.off('data', open)
        const key = /sec-websocket-key: (.*)\\r/i.exec(head)[1]
        const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
        socket.write('HTTP/1.1 101 S\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
        if (count++ < ${silent}) socket.resume()
        // Small frames come whole: a ping (0x89), masked, goes back unmasked as a pong.
        else socket.on('data', (bytes) => {
          for (let at = 0; at + 6 <= bytes.length; ) {
            const length = bytes[at + 1] & 127
            const mask = bytes.subarray(at + 2, at + 6)
            const payload = Buffer.from(bytes.subarray(at + 6, at + 6 + length)).map((byte, i) => byte ^ mask[i & 3])
            if (bytes[at] === 0x89) socket.write(Buffer.concat([Buffer.from([0x8a, length]), payload]))
            at += 6 + length
          }
        })
      }
      socket.on('data', open)
    })
    server.listen(0, '127.0.0.1', () => say('port', server.address().port))`)
  scope.defer(async () => {
    child.kill()
    await child.exit()
  })
  const [, port] = await child.says(/port (\d+)\n/)
  return `ws://127.0.0.1:${port}/`
}

test.each(['ws', 'hawser'] as const)(
  'pings that %s answers keep the connection and measure it',
  async (maker) => {
    const far = await scope.far({ maker })
    const { client, errors } = await scope.connected(far, { heartbeat: fast })
    expect(client.getPerformanceMetrics()).toMatchObject({ latencyCount: 0, latencyP50: 0 })
    await until(() => client.getPerformanceMetrics().latencyCount >= 3)
    const latency = client.getPerformanceMetrics()
    expect(latency.latencyMin).toBeGreaterThanOrEqual(0)
    expect(latency.latencyMin).toBeLessThanOrEqual(latency.latencyMean)
    expect(latency.latencyMean).toBeLessThanOrEqual(latency.latencyMax)
    expect(latency.latencyP50).toBeLessThanOrEqual(latency.latencyP99)
    expect(latency.latencyLast).toBeLessThanOrEqual(latency.latencyMax)
    expect(errors).toEqual([])
    expect(far.accepted).toBe(1)
  },
)

test('a blocked event loop costs no heartbeat: pings go out and pongs are read', async () => {
  const url = await elsewhere(0)
  const { client, errors, changes } = await scope.connected(url, {
    heartbeat: { interval: 20, timeout: 5000 },
  })
  const from = client.getPerformanceMetrics().latencyCount
  blockUntil(() => client.getPerformanceMetrics().latencyCount >= from + 5)
  await until(() => client.getPerformanceMetrics().latencyCount >= from + 7)
  expect(client.getPerformanceMetrics().connects).toBe(1)
  expect(errors).toEqual([])
  expect(changes.map(({ state }) => state)).toEqual(['connecting', 'connected'])
})

test('a peer that falls silent is left, and the connection made anew, while the event loop is blocked', async () => {
  const url = await elsewhere(1)
  const watched = await scope.connected(url, { heartbeat: { interval: 20, timeout: 20 } })
  blockUntil(() => watched.client.getPerformanceMetrics().connects >= 2)
  await watched.reached('connected', 2)
  expect(watched.errors[0]).toMatchObject({ code: 'HEARTBEAT_TIMEOUT', recoverable: true })
})

describe('heartbeat messages', () => {
  test('answered: they go on, one at a time, and no handler sees the answers', async () => {
    const far = await scope.far()
    far.answer = (message, socket) => {
      if (message.type === 'heartbeat') far.say({ type: 'heartbeat_ack' }, socket)
    }
    const watched = await scope.connected(far, { heartbeat: { ...fast, messages: true } })
    const seen: string[] = []
    watched.client.on('*', ({ type }) => seen.push(type))
    await far.messages(4, 'heartbeat')
    expect(seen).toEqual([])
    expect(watched.errors).toEqual([])
    expect(far.accepted).toBe(1)
  })

  test('not answered: HEARTBEAT_TIMEOUT, although pongs come, and a new connection', async () => {
    const far = await scope.far()
    const watched = await scope.connected(far, { heartbeat: { interval: 20, timeout: 30, messages: true } })
    await watched.reached('connected', 2)
    expect(watched.errors[0]).toMatchObject({ code: 'HEARTBEAT_TIMEOUT', recoverable: true })
    far.answer = (message, socket) => {
      if (message.type === 'heartbeat') far.say({ type: 'heartbeat_ack' }, socket)
    }
    await far.until(() => far.types.length > 0 && far.sockets.length === 1, 'a connection that stays')
    const { accepted } = far
    const so = far.types.length
    await far.messages(so + 3, 'heartbeat')
    expect(far.accepted - accepted).toBeLessThanOrEqual(1)
  })

  test('the heartbeats of the server are answered', async () => {
    const far = await scope.far({ hawser: true })
    far.answer = answering
    const watched = await scope.connected(far, { heartbeat: false })
    far.say({ type: 'heartbeat' })
    await far.messages(1, 'heartbeat_ack')
    expect(await within(watched.client.request('ask', 1), 'reply')).toBe(1)
  })
})
