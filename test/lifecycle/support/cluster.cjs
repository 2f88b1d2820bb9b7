// A cluster of hubs on one port. MODE 'reusePort': each worker listens itself; 'http': through http servers of Node's,
// which the primary shares out. A worker that dies is replaced.
const cluster = require('node:cluster')
const { writeSync } = require('node:fs')
const { once } = require('node:events')
const { createServer } = require('node:http')

async function work() {
  const { Hub, WebSocketServer } = require(process.env.HAWSER_ENTRY)
  const port = Number(process.env.PORT)
  let options = { host: '127.0.0.1', port, reusePort: true }
  if (process.env.MODE === 'http') {
    // The primary gives all of them the port that it found for the first.
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    options = { server }
  }
  const server = new WebSocketServer(options)
  const hub = new Hub(server)
  hub.handle('who', () => process.pid)
  if (options.server === undefined) await once(server, 'listening')
  process.send({ pid: process.pid, port: server.address().port })
}

async function lead() {
  cluster.on('message', (_worker, { pid }) => writeSync(1, `worker ${pid}\n`))
  // The first worker finds a port, which the others share.
  const first = cluster.fork({ PORT: '0' })
  const [{ port }] = await once(first, 'message')
  writeSync(1, `port ${port}\n`)
  for (let i = 0; i < 2; i++) cluster.fork({ PORT: String(port) })
  let ending = false
  cluster.on('exit', () => {
    if (!ending) cluster.fork({ PORT: String(port) })
    else if (Object.keys(cluster.workers).length === 0) process.exit(0)
  })
  process.stdin.on('end', () => {
    ending = true
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL')
  })
  process.stdin.resume()
}

void (cluster.isPrimary ? lead() : work())
