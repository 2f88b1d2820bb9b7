// Several I/O threads: configure({ threads }) in processes of their own.
import { certificates } from '../support/certificates'
import { Child, run } from '../support/child'

const { ca, server: identity } = certificates()

// Three threads; the names of those that run; servers that echo, and clients dealt out to them.
const LINES = `
const fs = require('node:fs')
const threads = () => fs.readdirSync('/proc/self/task')
  .map((id) => fs.readFileSync('/proc/self/task/' + id + '/comm', 'latin1').trim())
  .filter((name) => name.startsWith('hawser-io')).sort().join()
hawser.configure({ threads: 3 })
const serveMany = (count, options) => Promise.all(Array.from({ length: count }, () => serve(options)))
const each = (count, make) => Promise.all(Array.from({ length: count }, (_, i) => make(i)))
const closeAll = async (clients, servers) => {
  for (const client of clients) client.close()
  await Promise.all(clients.map((client) => client.readyState === 3 || gone(client)))
  await Promise.all(servers.map((server) => server.close()))
}
// Sends the numbers below count and resolves when all of them came back; any other order ends the process.
const echoes = (client, count) => new Promise((resolve) => {
  let next = 0
  client.on('message', (m) => {
    if (m !== String(next++)) throw new Error('order: ' + m + ' instead of ' + (next - 1))
    if (next === count) resolve()
  })
  for (let n = 0; n < count; n++) client.send(String(n))
})
const echo = (socket) => socket.on('message', (m) => socket.send(m))
`
const NAMES = 'hawser-io-0,hawser-io-1,hawser-io-2'

test('many servers and clients: messages in order both ways, then the process ends by itself', async () => {
  const outcome = await run(`${LINES}
    const servers = await serveMany(7)
    for (const server of servers) server.on('connection', echo)
    const clients = await each(40, (i) => dial(servers[i % 7].url))
    say(threads())
    await Promise.all(clients.map((client) => echoes(client, 500)))
    await closeAll(clients, servers)
    say('done')`)
  expect(outcome).toMatchObject({ code: 0, stdout: `${NAMES}\ndone\n`, stderr: '' })
})

test('a topic has the subscribers of its server, on whichever threads their peers are', async () => {
  const outcome = await run(`${LINES}
    const servers = await serveMany(5)
    let subscribed = 0
    const all = new Promise((resolve) => {
      for (const server of servers) server.on('connection', (socket) => {
        socket.subscribe('t')
        if (++subscribed === 30) resolve()
      })
    })
    const clients = await each(30, (i) => dial(servers[i % 5].url))
    await all
    const heard = clients.map((client, i) => new Promise((resolve) => {
      const numbers = []
      client.on('message', (m) => { if (numbers.push(m) === 200) resolve(numbers.every((each, n) => each === (i % 5) + '/' + n)) })
    }))
    for (let n = 0; n < 200; n++) servers.forEach((server, s) => server.publish('t', s + '/' + n))
    say((await Promise.all(heard)).every(Boolean))
    await closeAll(clients, servers)`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

test('large messages and TLS: the threads share contexts, sessions and buffers', async () => {
  const outcome = await run(
    `${LINES}
    const { CA: ca, CERT: cert, KEY: key } = process.env
    const servers = await serveMany(3, { tls: { cert, key }, maxBackpressure: 64 << 20 })
    for (const server of servers) server.on('connection', echo)
    const clients = await each(9, (i) => dial(servers[i % 3].url.replace('ws:', 'wss:'), { ca, maxBackpressure: 64 << 20 }))
    const big = (i) => Buffer.alloc(3_000_000, i)
    const whole = await Promise.all(clients.map((client, i) => {
      client.send(big(i))
      return once(client, 'message').then(([data]) => big(i).equals(data))
    }))
    say(whole.every(Boolean))
    await closeAll(clients, servers)`,
    { env: { CA: ca, CERT: identity.cert, KEY: identity.key } },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

test('a peer that does not read holds back its own sockets alone', async () => {
  const outcome = await run(`${LINES}
    const servers = await serveMany(3, { maxBackpressure: 1 << 20 })
    for (const server of servers) server.on('connection', echo)
    const clients = await each(6, (i) => dial(servers[i % 3].url))
    clients[0].pause()
    for (let full = false; !full;) {
      try { for (const server of servers) for (const socket of server.clients) socket.send(Buffer.alloc(1 << 16)) } catch { full = true }
      await new Promise(setImmediate)
    }
    for (const client of clients) client.removeAllListeners('message')
    const ends = clients.slice(1).map((client) => new Promise((resolve) => client.on('message', (m) => { if (m === 'end') resolve() })))
    for (const client of clients.slice(1)) client.send('end')
    await Promise.all(ends)
    clients[0].terminate()
    await closeAll(clients, servers)
    say('done')`)
  expect(outcome).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' })
})

describe('process.exit()', () => {
  test('what was sent through every thread reaches the peers', async () => {
    const server = new Child(`${LINES}
      const servers = await serveMany(6)
      let count = 0, left = 6
      for (const server of servers) server.on('connection', (socket) => {
        socket.on('message', () => count++)
        socket.on('close', async () => { if (--left === 0) { say('got', count); await closeAll([], servers) } })
      })
      say('urls', servers.map((server) => server.url).join())`)
    const [, urls] = await server.says(/urls (\S+)/)
    const client = await run(`${LINES}
      const clients = await Promise.all(${JSON.stringify(urls)}.split(',').map((url) => dial(url)))
      for (let n = 0; n < 1000; n++) for (const client of clients) client.send('message ' + n)
      // An exit flushes for 100 ms at the most; on this clock they never pass.
      performance.now = () => 0
      process.exit(3)`)
    expect(client).toMatchObject({ code: 3, signal: null, stderr: '' })
    expect(await server.exit()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/got 6000\n$/) as string,
    })
  })

  test('while a flood comes in through every thread', async () => {
    for (let round = 0; round < 3; round++) {
      const flooder = new Child(`${LINES}
        const servers = await serveMany(3)
        let left = 6
        for (const server of servers) server.on('connection', (socket) => {
          const fill = () => { while (socket.readyState === 1 && socket.send('flood '.repeat(20))); }
          socket.on('drain', fill)
          socket.on('close', () => { if (--left === 0) for (const server of servers) server.close() })
          fill()
        })
        say('urls', servers.map((server) => server.url).join())`)
      const [, urls] = await flooder.says(/urls (\S+)/)
      const reader = await run(`${LINES}
        const urls = ${JSON.stringify(urls)}.split(',')
        const counts = [0, 0, 0, 0, 0, 0]
        counts.forEach((_, i) => new WebSocket(urls[i % 3]).on('message', () => {
          counts[i]++
          if (counts.every((count) => count >= 2000)) process.exit(6)
        }))`)
      expect(reader).toMatchObject({ code: 6, signal: null, stderr: '' })
      expect(await flooder.exit()).toMatchObject({ code: 0, signal: null, stderr: '' })
    }
  })
})

describe('worker threads', () => {
  const WORKERS = `${LINES}
    const { Worker } = require('node:worker_threads')
    const inWorker = (code, data) => new Worker(\`
      const { WebSocket, WebSocketServer, configure } = require(process.env.HAWSER_ENTRY)
      const { parentPort, workerData } = require('node:worker_threads')
      configure({ threads: 3 })
      \${code}\`, { eval: true, workerData: data })
    `

  test('each has its own', async () => {
    const outcome = await run(`${WORKERS}
      const server = await serve(); server.on('connection', echo)
      const workers = [0, 1].map(() => inWorker(\`
        let left = 6
        for (let i = 0; i < 6; i++) {
          const client = new WebSocket(workerData)
          let next = 0
          client.on('open', () => { for (let n = 0; n < 300; n++) client.send(String(n)) })
          client.on('message', (m) => {
            if (m !== String(next++)) throw new Error('order')
            if (next === 300 && --left === 0) parentPort.postMessage('done')
          })
        }
        parentPort.on('message', () => process.exit(0))\`, server.url))
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      say(threads().split(',').length)
      for (const worker of workers) worker.postMessage('end')
      await Promise.all(workers.map((worker) => once(worker, 'exit')))
      say(threads()); await server.close()`)
    expect(outcome).toMatchObject({ code: 0, stdout: `9\n${NAMES}\n`, stderr: '' })
  })

  test('are terminated in the middle of a flood', async () => {
    const outcome = await run(`${WORKERS}
      const servers = await serveMany(3, { maxBackpressure: 8 << 20 })
      for (const server of servers) server.on('connection', (socket) => {
        const fill = () => { while (socket.readyState === 1 && socket.send('flood '.repeat(50))); }
        socket.on('drain', fill); fill()
      })
      for (let round = 0; round < 4; round++) {
        const worker = inWorker(\`
          const counts = [0, 0, 0]
          workerData.forEach((url, i) => new WebSocket(url).on('message', () => {
            if (++counts[i] === 1000 && counts.every((count) => count >= 1000)) parentPort.postMessage('flooded')
          }))\`, servers.map((server) => server.url))
        await once(worker, 'message')
        await worker.terminate()
      }
      say(threads())
      await closeAll([], servers); say('survived')`)
    expect(outcome).toMatchObject({ code: 0, stdout: `${NAMES}\nsurvived\n`, stderr: '' })
  })
})
