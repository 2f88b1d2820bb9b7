// Managed clients and how processes, workers and clusters end: by themselves when no client wants a connection, at once
// when they are told to, and never because of what a listener throws.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, run } from '../support/child'

const LINES = `
const { Worker } = require('node:worker_threads')
const { WebSocketClient, WebSocketPool } = hawser
const refused = 'ws://127.0.0.1:1/'
const failed = (client) => new Promise((resolve) => client.onStateChange((state) => state === 'failed' && resolve()))
`

describe('a process ends by itself', () => {
  test.each([
    ['with a client that is idle', `new WebSocketClient(refused)`],
    ['with a message that waits for connect()', `new WebSocketClient(refused).send('x')`],
    [
      'after disconnect()',
      `const server = await serve(); const client = new WebSocketClient(server.url)
      await client.connect(); await client.disconnect(); await server.close()`,
    ],
    [
      'after close()',
      `const server = await serve(); const client = new WebSocketClient(server.url)
      await client.connect(); await client.close(); await server.close()`,
    ],
    [
      'after the server said goodbye',
      `const server = await serve(); server.on('connection', (socket) => socket.close(1000))
      const client = new WebSocketClient(server.url); client.connect().catch(() => {})
      await new Promise((resolve) => client.onStateChange((state) => state === 'disconnected' && resolve()))
      await server.close()`,
    ],
    [
      'after a client failed',
      `const client = new WebSocketClient({ url: refused, reconnect: false })
      const end = failed(client); client.connect().catch(() => {}); await end`,
    ],
    [
      'with an unref()ed client that tries for ever',
      `const c = new WebSocketClient(refused); c.connect().catch(() => {}); c.unref()`,
    ],
    [
      'with an unref()ed client that is connected',
      `const server = await serve(); server.unref(); server.on('connection', (socket) => socket.unref())
      const client = new WebSocketClient(server.url); await client.connect(); client.unref()`,
    ],
    [
      'with a client of the portable engine that is idle, one that was told to rest, and one that is unref()ed',
      `const patient = { url: refused, WebSocket: require('ws').WebSocket, reconnect: { minDelay: 600000, maxDelay: 600000 } }
      new WebSocketClient(patient).send('x', 1, { ttl: 600000 })
      for (const end of ['disconnect', 'unref', 'close']) {
        const client = new WebSocketClient(patient)
        client.connect().catch(() => {})
        await new Promise((resolve) => client.onStateChange((state) => state === 'reconnecting' && resolve()))
        client[end]()
      }`,
    ],
    [
      'with a pool whose connections nobody uses',
      `const server = await serve(); server.unref(); server.on('connection', (socket) => socket.unref())
      const pool = new WebSocketPool(); const share = await pool.getConnection(server.url); share.release()`,
    ],
    [
      'after a wait of a user of a pool, although connections are kept for a minute',
      `const server = await serve(); server.unref(); server.on('connection', (socket) => socket.unref())
      const pool = new WebSocketPool({ maxPerHost: 1, acquireTimeout: 120000 })
      const share = await pool.getConnection(server.url + '/a'); const next = pool.getConnection(server.url + '/b')
      share.release(); (await next).release()`,
    ],
  ])('%s', async (_name, script) => {
    expect(await run(LINES + script)).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  test.each([
    [
      'connected',
      `const server = await serve(); server.unref(); server.on('connection', (socket) => socket.unref())
      const client = new WebSocketClient(server.url); await client.connect()`,
    ],
    ['trying', `new WebSocketClient(refused).connect().catch(() => {})`],
    [
      'trying, after unref() and ref()',
      `new WebSocketClient(refused).unref().ref().connect().catch(() => {})`,
    ],
  ])('but not while a client is %s', async (_name, script) => {
    const child = new Child(`${LINES}${script}
      setTimeout(() => say('alive'), 300).unref()`)
    await child.says(/alive/)
    child.kill()
    await child.exit()
  })
})

test('what a listener throws is reported once, and nothing else ends by it', async () => {
  const outcome = await run(`${LINES}
    process.on('uncaughtException', (error) => say('caught', error.message))
    const server = await serve()
    server.on('connection', (socket) => socket.on('message', (text) => socket.send(text)))
    const client = new WebSocketClient({ url: server.url, hawser: false })
    client.onStateChange((state) => { if (state === 'connected') throw new Error('state') })
    client.onStateChange((state) => say('next', state))
    client.on('tick', () => { throw new Error('handler') })
    const second = new Promise((resolve) => client.on('tick', resolve))
    await client.connect(); client.send('tick'); await second; await client.close()
    const pool = new WebSocketPool()
    const shares = [await pool.getConnection(server.url), await pool.getConnection(server.url)]
    shares[0].onRevoked(() => { throw new Error('revoked') })
    shares[1].onRevoked((error) => say('next', error.code))
    pool.removeConnection(server.url); await pool.close(); await server.close()`)
  expect(outcome).toMatchObject({ code: 0, stderr: '' })
  const lines = outcome.stdout.trim().split('\n')
  expect(lines.filter((line) => line.startsWith('caught')).sort()).toEqual([
    'caught handler',
    'caught revoked',
    'caught state',
  ])
  expect(lines.filter((line) => line.startsWith('next'))).toEqual(
    ['connecting', 'connected', 'disconnecting', 'disconnected', 'ABORTED'].map((word) => `next ${word}`),
  )
})

test('workers are terminated in the middle of a flood, while they reconnect, and with a pool', async () => {
  const outcome = await run(`${LINES}
    const server = await serve({ maxBackpressure: 8 << 20 })
    const text = JSON.stringify({ type: 'tick', payload: 'x'.repeat(200) })
    server.on('connection', (socket) => {
      const fill = () => { while (socket.readyState === 1 && socket.send(text)); }
      socket.on('drain', fill); fill()
    })
    const codes = [
      "const c = new WebSocketClient(workerData); let n = 0; c.on('tick', () => { c.send('echo', n); if (++n === 2000) parentPort.postMessage(1) }); c.connect().catch(() => {})",
      "const c = new WebSocketClient(workerData); let n = 0; c.subscribe({ type: '*', batch: { max: 100 } }, (all) => { if ((n += all.length) >= 2000) parentPort.postMessage(1) }); c.connect().catch(() => {})",
      "const c = new WebSocketClient({ url: 'ws://127.0.0.1:1/', reconnect: { minDelay: 1, maxDelay: 2 } }); c.connect().catch(() => {}); c.onStateChange((s) => s === 'reconnecting' && parentPort.postMessage(1))",
      "new WebSocketPool().getConnection(workerData).then((s) => s.on('tick', () => parentPort.postMessage(1)))",
      "new WebSocketClient(workerData).connect(); parentPort.postMessage(1)",
    ]
    for (const code of [...codes, ...codes]) {
      const worker = new Worker("const { WebSocketClient, WebSocketPool } = require(process.env.HAWSER_ENTRY); const { parentPort, workerData } = require('node:worker_threads');" + code,
        { eval: true, workerData: server.url })
      await once(worker, 'message')
      await worker.terminate()
    }
    await server.close(); say('survived')`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'survived\n', stderr: '' })
})

test('a worker whose client is disconnected ends by itself', async () => {
  const outcome = await run(`${LINES}
    const server = await serve()
    const worker = new Worker("const { WebSocketClient } = require(process.env.HAWSER_ENTRY); const c = new WebSocketClient(require('node:worker_threads').workerData); c.connect().then(() => c.disconnect())",
      { eval: true, workerData: server.url })
    const [code] = await once(worker, 'exit'); say('exit', code); await server.close()`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'exit 0\n', stderr: '' })
})

test('loaded twice in one environment, both talk', async () => {
  const outcome = await run(`${LINES}
    for (const key of Object.keys(require.cache)) if (!key.endsWith('.node')) delete require.cache[key]
    const again = require(process.env.HAWSER_ENTRY)
    const server = await serve()
    server.on('connection', (socket) => socket.on('message', (text) => socket.send(text)))
    for (const Client of [WebSocketClient, again.WebSocketClient]) {
      const client = new Client({ url: server.url, hawser: false })
      const echo = new Promise((resolve) => client.on('hello', resolve))
      await client.connect(); client.send('hello', Client === WebSocketClient ? 'first' : 'second')
      say((await echo).payload); await client.close()
    }
    await server.close()`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'first\nsecond\n', stderr: '' })
})

test('clients of the workers of a cluster, one of which is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-cluster-'))
  try {
    const file = join(folder, 'worker.cjs')
    writeFileSync(
      file,
      `const { WebSocketClient } = require(process.env.HAWSER_ENTRY)
      const client = new WebSocketClient({ url: process.env.URL, hawser: false })
      client.on('news', ({ payload }) => process.send(payload))
      client.connect()
      process.on('message', async () => { await client.close(); process.disconnect() })`,
    )
    const outcome = await run(`${LINES}
      const cluster = require('node:cluster')
      cluster.setupPrimary({ exec: ${JSON.stringify(file)}, execArgv: [] })
      const server = await serve()
      const news = JSON.stringify({ type: 'news', payload: 'hi' })
      server.on('connection', (socket) => socket.send(news))
      const workers = [1, 2, 3].map(() => cluster.fork({ URL: server.url }))
      const exits = workers.map((worker) => once(worker, 'exit'))
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
      workers[0].process.kill('SIGKILL'); await exits[0]
      for (const worker of workers.slice(1)) worker.send('end')
      say((await Promise.all(exits.slice(1))).map(([code]) => code).join(), server.clients.size <= 1)
      await server.close()`)
    expect(outcome).toMatchObject({ code: 0, stdout: '0,0 true\n', stderr: '' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
