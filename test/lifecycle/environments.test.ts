// Worker threads, clusters and several loads in one environment.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../support/child'

const LINES = `
const { Worker, isMainThread } = require('node:worker_threads')
const inWorker = (code, data) => new Worker(\`
  const { WebSocket, WebSocketServer } = require(process.env.HAWSER_ENTRY)
  const { parentPort, workerData } = require('node:worker_threads')
  const { once } = require('node:events')
  \${code}\`, { eval: true, workerData: data })
`

test('a worker serves, the main thread connects, both end', async () => {
  const outcome = await run(`${LINES}
    const worker = inWorker(\`
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      server.on('connection', (s) => { s.on('message', (m) => s.send('worker: ' + m)); s.on('close', () => server.close()) })
      server.on('listening', () => parentPort.postMessage(server.address().port))\`)
    const [port] = await once(worker, 'message')
    const client = await dial('ws://127.0.0.1:' + port)
    client.send('hello'); say((await once(client, 'message'))[0]); client.close()
    const [code] = await once(worker, 'exit'); say('exit', code)`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'worker: hello\nexit 0\n', stderr: '' })
})

test('workers are terminated in the middle of a flood, again and again', async () => {
  const outcome = await run(`${LINES}
    const server = await serve({ maxBackpressure: 8 << 20 })
    server.on('connection', (socket) => {
      const fill = () => { while (socket.readyState === 1 && socket.send('flood '.repeat(50))); }
      socket.on('drain', fill); fill()
    })
    for (let round = 0; round < 8; round++) {
      const worker = inWorker(\`
        const client = new WebSocket(workerData)
        let count = 0
        client.on('message', () => { if (++count === 2000) parentPort.postMessage('flooded') })\`, server.url)
      await once(worker, 'message')
      await worker.terminate()
    }
    await server.close(); say('survived')`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'survived\n', stderr: '' })
})

test('workers are terminated while they connect, resolve and listen', async () => {
  const outcome = await run(`${LINES}
    for (const code of [
      "new WebSocket('ws://127.0.0.1:1/'); parentPort.postMessage(1)",
      "new WebSocket('ws://slow-name.invalid/'); parentPort.postMessage(1)",
      "new WebSocketServer({ port: 0 }); parentPort.postMessage(1)",
      "const s = new WebSocketServer({ port: 0 }); s.on('listening', () => { new WebSocket('ws://127.0.0.1:' + s.address().port); parentPort.postMessage(1) })",
      "process.exit(0)",
      "throw new Error('worker error')",
    ]) {
      const worker = inWorker(code)
      worker.on('error', () => {})
      await Promise.race([once(worker, 'message'), once(worker, 'exit')]).catch(() => {})
      await worker.terminate()
    }
    say('survived')`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'survived\n', stderr: '' })
})

test('four workers talk to each other at once', async () => {
  const outcome = await run(`${LINES}
    const code = \`
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      server.on('connection', (s) => s.on('message', (m) => s.send(m)))
      parentPort.on('message', async (port) => {
        const client = new WebSocket('ws://127.0.0.1:' + port); let count = 0
        client.on('open', () => { for (let i = 0; i < 2000; i++) client.send(String(i)) })
        client.on('message', (m) => { if (m !== String(count++)) throw new Error('order'); if (count === 2000) parentPort.postMessage('done') })
      })
      server.on('listening', () => parentPort.postMessage(server.address().port))\`
    const workers = [0, 1, 2, 3].map(() => inWorker(code))
    const ports = await Promise.all(workers.map(async (w) => (await once(w, 'message'))[0]))
    workers.forEach((w, i) => w.postMessage(ports[(i + 1) % 4]))
    await Promise.all(workers.map((w) => once(w, 'message')))
    await Promise.all(workers.map((w) => w.terminate())); say('done')`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' })
})

test('loaded twice in one environment', async () => {
  const outcome = await run(`
    for (const key of Object.keys(require.cache)) if (!key.endsWith('.node')) delete require.cache[key]
    const again = require(process.env.HAWSER_ENTRY)
    if (again.WebSocket === WebSocket) throw new Error('the same module')
    const server = await serve()
    server.on('connection', (s) => s.on('message', (m) => s.send(m)))
    const client = new again.WebSocket(server.url); await once(client, 'open')
    client.send('between two loads'); say((await once(client, 'message'))[0])
    const other = new again.WebSocketServer({ port: 0, host: '127.0.0.1' }); await once(other, 'listening')
    other.on('connection', (s) => s.send('from the second'))
    const mine = new WebSocket('ws://127.0.0.1:' + other.address().port)
    say((await once(mine, 'message'))[0])
    client.close(); mine.close(); await Promise.all([once(client, 'close'), once(mine, 'close')])
    await Promise.all([server.close(), other.close()])`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'between two loads\nfrom the second\n', stderr: '' })
})

test('loaded in a vm context too', async () => {
  const outcome = await run(`
    const vm = require('node:vm')
    const server = await serve()
    server.on('connection', (s) => s.on('message', (m, binary) => s.send(m, { binary })))
    const client = await dial(server.url)
    client.send(vm.runInNewContext('new Uint8Array([1, 2, 3])'))
    client.send(vm.runInNewContext('new Uint8Array([4]).buffer'))
    const got = []
    client.on('message', (m) => { got.push(m.toString('hex')); if (got.length === 2) { say(got.join(' ')); client.close(); server.close() } })`)
  expect(outcome).toMatchObject({ code: 0, stdout: '010203 04\n', stderr: '' })
})

describe('clusters', () => {
  /** Runs `primary` with `fork()` at hand, which starts a worker of the cluster that runs `worker`. */
  const cluster = async (primary: string, worker: string): ReturnType<typeof run> => {
    const dir = mkdtempSync(join(tmpdir(), 'hawser-cluster-'))
    try {
      const file = join(dir, 'worker.cjs')
      writeFileSync(file, `const { WebSocketServer } = require(process.env.HAWSER_ENTRY)\n${worker}`)
      return await run(`
        const cluster = require('node:cluster')
        cluster.setupPrimary({ exec: ${JSON.stringify(file)}, execArgv: [] })
        const fork = (env) => cluster.fork(env)
        const said = (workers) => Promise.all(workers.map((w) => new Promise((resolve) => w.once('message', resolve))))
        const end = async (workers) => {
          const exits = workers.map((w) => once(w, 'exit'))
          for (const worker of workers) worker.send('end')
          return (await Promise.all(exits)).map(([code]) => code).join()
        }
        ${primary}`)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }

  test('workers share a port by reusePort', async () => {
    const outcome = await cluster(
      `
      const first = await serve({ reusePort: true }); const port = first.address().port
      const workers = [fork({ PORT: port }), fork({ PORT: port })]
      await said(workers); await first.close()
      const pids = new Set()
      for (let i = 0; i < 400 && pids.size < 2; i++) {
        const client = new WebSocket('ws://127.0.0.1:' + port)
        pids.add((await once(client, 'message'))[0]); client.terminate(); await gone(client)
      }
      say(pids.size, await end(workers))`,
      `
      const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1', reusePort: true })
      server.on('connection', (s) => s.send(String(process.pid)))
      server.on('listening', () => process.send('ready'))
      process.on('message', async () => { await server.close(); process.disconnect() })`,
    )
    expect(outcome).toMatchObject({ code: 0, stdout: '2 0,0\n', stderr: '' })
  })

  test('under the http servers of workers, whose connections the primary accepts', async () => {
    const outcome = await cluster(
      `
      const workers = [fork(), fork()]
      const ports = await said(workers)
      for (const port of [...ports, ...ports]) {
        const client = await dial('ws://127.0.0.1:' + port)
        client.send('hi'); say((await once(client, 'message'))[0]); client.close(); await gone(client)
      }
      say(await end(workers))`,
      `
      const http = require('node:http').createServer()
      const server = new WebSocketServer({ server: http })
      server.on('connection', (s) => s.on('message', (m) => s.send('cluster ' + m)))
      http.listen(0, '127.0.0.1', () => process.send(http.address().port))
      process.on('message', async () => { await server.close(); http.close(); process.disconnect() })`,
    )
    expect(outcome).toMatchObject({ code: 0, stdout: `${'cluster hi\n'.repeat(4)}0,0\n`, stderr: '' })
  })
})

test('child processes inherit no descriptor of ours', async () => {
  const outcome = await run(`
    const { execFileSync } = require('node:child_process')
    const fs = require('node:fs')
    const dir = fs.mkdtempSync(require('node:os').tmpdir() + '/hawser-fd-'), path = dir + '/s'
    const http = require('node:http').createServer().listen(0, '127.0.0.1'); await once(http, 'listening')
    const servers = [await serve(), new WebSocketServer({ socketPath: path }), new WebSocketServer({ server: http })]
    await once(servers[1], 'listening')
    const clients = [await dial(servers[0].url), await dial('ws+unix:' + path + ':/'), await dial('ws://127.0.0.1:' + http.address().port)]
    const connecting = new WebSocket('ws://127.0.0.1:1'); connecting.on('error', () => {})
    // But for its standard streams, which are sockets too.
    say(execFileSync('sh', ['-c', 'for f in /proc/self/fd/*; do case $f in */0|*/1|*/2) ;; *) readlink $f;; esac; done | grep -c -e socket: -e anon_inode || true'], { stdio: ['ignore', 'pipe', 'inherit'] }).toString().trim())
    fs.rmSync(dir, { recursive: true }); process.exit(0)`)
  expect(outcome).toMatchObject({ code: 0, stdout: '0\n', stderr: '' })
})
