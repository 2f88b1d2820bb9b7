// One server over several I/O threads: `configure({ threads: 3 })`, each case in a process of its own.
import { run } from '../support/child'
import { certificates } from '../support/certificates'

const PRELUDE = `
const path = require('node:path')
const WS = require('ws')
hawser.configure({ threads: 3 })
const { runtime } = require(path.join(path.dirname(process.env.HAWSER_ENTRY), 'native/runtime.js'))
const stats = (name) => runtime().channels.map((channel) => runtime().native.stats(channel.index)[name])
const sum = (list) => list.reduce((a, b) => a + b, 0)
/** A client of the ws package that keeps what it gets. */
const peer = async (url, options) => {
  const ws = new WS(url, options)
  ws.got = []
  ws.waits = []
  ws.on('message', (data, isBinary) => {
    ws.got.push(isBinary ? data : String(data))
    ws.waits = ws.waits.filter(([count, done]) => ws.got.length < count || void done())
  })
  ws.until = (count) => ws.got.length >= count ? null : new Promise((done) => ws.waits.push([count, done]))
  ws.over = new Promise((resolve) => ws.on('close', (code, reason) => resolve([code, ws.got.length])))
  await once(ws, 'open')
  return ws
}
const peers = async (count, url, options) => {
  const list = []
  for (let i = 0; i < count; i++) list.push(await peer(url, options))
  return list
}
/** Waits for the sockets of so many connections. */
const sockets = (server, count) => new Promise((resolve) => {
  const list = []
  server.on('connection', (socket) => { if (list.push(socket) === count) resolve(list) })
})
const equal = require('node:assert').deepStrictEqual
`

async function passes(script: string, env: Record<string, string> = {}): Promise<void> {
  const outcome = await run(`${PRELUDE}${script}\nsay('done')`, { env })
  expect(outcome).toMatchObject({ code: 0, signal: null, stdout: 'done\n', stderr: '' })
}

test('connections are spread, each has its echo in order, and clients holds them all', async () => {
  await passes(`
    const server = await serve()
    const made = sockets(server, 9)
    server.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
    const list = await peers(9, server.url)
    const all = await made
    equal(stats('accepted'), [3, 3, 3])
    equal(server.clients.size, 9)
    equal(new Set(server.clients), new Set(all))
    equal(all.every((socket) => server.clients.has(socket)), true)
    for (const ws of list) for (let i = 0; i < 500; i++) ws.send('echo ' + i)
    for (const ws of list) { await ws.until(500); equal(ws.got, Array.from({ length: 500 }, (_, i) => 'echo ' + i)) }
    const left = [0, 3, 6].map((i) => list[i])
    const gone = Promise.all(all.filter((_, i) => i % 3 === 0).map((socket) => once(socket, 'close')))
    for (const ws of left) ws.close()
    await gone
    equal(server.clients.size, 6)
    equal([...server.clients].length, 6)
    await server.close()
    equal(server.clients.size, 0)`)
})

test('what is published reaches the subscribers on all threads but the sender, in its order', async () => {
  await passes(`
    const server = await serve()
    const made = sockets(server, 6)
    const list = await peers(6, server.url)
    const all = await made
    all.forEach((socket, i) => { if (i < 5) socket.subscribe('room'); socket.subscribe('end') })
    const count = 1000
    for (let i = 0; i < count; i++) {
      server.publish('room', 's' + i)
      for (const from of [0, 1, 5]) all[from].publish('room', from + ':' + i)
    }
    server.publish('nobody', 'x')
    for (const from of [0, 1, 5]) all[from].publish('end', 'end' + from)
    server.publish('end', 'ends')
    for (let n = 0; n < 6; n++) {
      const senders = ['s', '0:', '1:', '5:']
      const ends = [0, 1, 5].filter((from) => from !== n).length + 1
      await list[n].until((n < 5 ? senders.length - (n < 2) : 0) * count + ends)
      for (const sender of senders) {
        const got = list[n].got.filter((text) => text.startsWith(sender)).map((text) => Number(text.slice(sender.length)))
        const none = n === 5 || sender === n + ':'
        equal(got, none ? [] : Array.from({ length: count }, (_, i) => i))
      }
    }
    equal(sum(stats('handed')), (4 * count + 5) * 2)
    await server.close()`)
})

test('binary, empty, large and compressed messages are published alike', async () => {
  await passes(`
    const server = await serve({ perMessageDeflate: { threshold: 100 } })
    const made = sockets(server, 9)
    const list = [
      ...await peers(3, server.url, { perMessageDeflate: false }),
      ...await peers(3, server.url, { perMessageDeflate: true }),
      ...await peers(3, server.url, { perMessageDeflate: { serverMaxWindowBits: 10 } })]
    for (const socket of await made) socket.subscribe('t')
    const big = Buffer.alloc(1_000_000, 'ab')
    server.publish('t', 'text é 🚢'); server.publish('t', Buffer.from([1, 2])); server.publish('t', '')
    server.publish('t', big); server.publish('t', 'q'.repeat(5000)); server.publish('t', 'r'.repeat(5000), { compress: false })
    for (const ws of list) {
      await ws.until(6)
      equal(ws.got, ['text é 🚢', Buffer.from([1, 2]), '', big, 'q'.repeat(5000), 'r'.repeat(5000)])
    }
    await server.close()`)
})

test('a socket hears what is published after it subscribed, whichever thread it lives on', async () => {
  await passes(`
    const server = await serve()
    server.on('connection', (socket) => {
      const name = 'own ' + Math.random()
      socket.subscribe(name); server.publish(name, 'welcome')
      socket.on('message', (text) => {
        // Within one drain, in which calls are gathered.
        socket.send('before'); socket.subscribe('more ' + text); server.publish('more ' + text, 'after ' + text)
      })
    })
    const list = await peers(12, server.url)
    for (let i = 0; i < 100; i++) for (const ws of list) ws.send(list.indexOf(ws) + '/' + i)
    for (const ws of list) {
      await ws.until(201)
      equal(ws.got.filter((text) => text === 'welcome').length, 1)
      const after = ws.got.filter((text) => text.startsWith('after'))
      equal(after, Array.from({ length: 100 }, (_, i) => 'after ' + list.indexOf(ws) + '/' + i))
      // What was sent after a publish may come before what was published, but never the other way round.
      let sent = 0, heard = 0
      for (const text of ws.got) { if (text === 'before') sent++; else if (text !== 'welcome') equal(++heard <= sent, true) }
    }
    await server.close()`)
})

test('publish tells when a subscriber of any thread is slow; one drain follows when none is', async () => {
  await passes(`
    const server = await serve({ highWaterMark: 1 << 20, maxBackpressure: 1 << 30 })
    const made = sockets(server, 3)
    const list = await peers(3, server.url)
    for (const socket of await made) socket.subscribe('t')
    for (const ws of list) ws.pause()
    let drains = 0
    server.on('drain', () => drains++)
    const data = Buffer.alloc(256 * 1024)
    // More than the kernel's buffers take.
    const count = 100
    for (let i = 0; i < count; i++) { data.writeUInt32LE(i); server.publish('t', data) }
    while (sum(stats('messagesOut')) < 3 * count) await new Promise(setImmediate)
    await new Promise(setImmediate)
    equal(server.publish('t', data), false)
    const before = drains
    list[0].resume(); list[1].resume()
    await list[0].until(count + 1); await list[1].until(count + 1)
    equal(drains, before)
    const drained = once(server, 'drain')
    list[2].resume()
    await list[2].until(count + 1)
    await drained
    for (const ws of list) equal(ws.got.slice(0, -1).map((bytes) => bytes.readUInt32LE()), Array.from({ length: count }, (_, i) => i))
    equal(drains, before + 1)
    equal(server.publish('t', data), true)
    equal(sum(stats('dropped')), 0)
    await server.close()`)
})

test('a flood from all threads at once stays within its bounds and loses nothing', async () => {
  await passes(`
    const server = await serve({ maxBackpressure: 1 << 30 })
    const made = sockets(server, 6)
    const list = await peers(6, server.url)
    const all = await made
    for (const socket of all) socket.subscribe('t')
    const count = 300
    const data = Buffer.alloc(32 * 1024)
    for (let i = 0; i < count; i++) {
      data.writeUInt32LE(i)
      for (let from = 0; from < 6; from++) {
        data.writeUInt32LE(from, 4)
        if (!all[from].publish('t', data)) await new Promise(setImmediate)
      }
    }
    for (let n = 0; n < 6; n++) {
      await list[n].until(5 * count)
      for (let from = 0; from < 6; from++) {
        const got = list[n].got.filter((bytes) => bytes.readUInt32LE(4) === from).map((bytes) => bytes.readUInt32LE(0))
        equal(got, from === n ? [] : Array.from({ length: count }, (_, i) => i))
      }
    }
    equal(sum(stats('dropped')), 0)
    await server.close()`)
})

test('slow subscribers are left out and counted, on whichever thread they are', async () => {
  await passes(`
    const server = await serve({ highWaterMark: 64 << 10, maxBackpressure: 256 << 10 })
    const made = sockets(server, 6)
    const list = await peers(6, server.url)
    const all = await made
    for (const socket of all) socket.subscribe('t')
    for (const i of [1, 2, 3]) list[i].pause()
    let dropped = 0
    server.on('dropped', (messages) => { dropped += messages })
    const data = Buffer.alloc(32 * 1024)
    const count = 600
    for (let i = 0; i < count; i++) {
      server.publish('t', data)
      for (const fast of [0, 4, 5]) await list[fast].until(i + 1)
    }
    for (const socket of all) socket.send('end')
    for (const i of [1, 2, 3]) { list[i].resume(); while (list[i].got.at(-1) !== 'end') await once(list[i], 'message') }
    const missed = sum([1, 2, 3].map((i) => count + 1 - list[i].got.length))
    equal(missed > 0, true)
    while (dropped < missed) await once(server, 'dropped')
    equal(dropped, missed)
    await server.close()`)
})

test('close says 1001 to all behind what was published, and is over once, after the last', async () => {
  await passes(`
    const server = await serve()
    const made = sockets(server, 9)
    const list = await peers(9, server.url)
    let closes = 0, ends = 0
    for (const socket of await made) { socket.subscribe('t'); socket.on('close', () => closes++) }
    server.on('close', () => { ends++; equal(closes, 9); equal(server.clients.size, 0) })
    for (const socket of server.clients) socket.send('own')
    server.publish('t', 'bye')
    await server.close()
    await server.close()
    equal(ends, 1)
    for (const ws of list) { equal(await ws.over, [1001, 2]); equal(ws.got, ['own', 'bye']) }
    equal(server.publish('t', 'x'), false)`)
})

test('close within a handler comes behind what the handler sent', async () => {
  await passes(`
    const server = await serve()
    const made = sockets(server, 6)
    const list = await peers(6, server.url)
    let closing
    for (const socket of await made) {
      socket.on('message', () => {
        for (const other of server.clients) other.send('last')
        closing ??= server.close()
      })
    }
    list[1].send('end')
    for (const ws of list) equal(await ws.over, [1001, 1])
    await closing`)
})

test('who does not answer the close is dropped at the deadline, on all threads', async () => {
  await passes(`
    const net = require('node:net')
    const server = await serve()
    const made = sockets(server, 3)
    const silent = Array.from({ length: 3 }, () => net.connect(server.address().port, '127.0.0.1').resume())
    for (const socket of silent) {
      socket.on('error', () => {})
      socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n')
    }
    const codes = (await made).map((socket) => once(socket, 'close').then(([code]) => code))
    await server.close({ timeout: 50 })
    equal(await Promise.all(codes), [1006, 1006, 1006])`)
})

test('close comes behind what was sent, though a ring was full', async () => {
  await passes(`
    const server = await serve()
    const made = sockets(server, 3)
    const list = await peers(3, server.url)
    for (const socket of await made) for (let i = 0; i < 200; i++) socket.send(Buffer.alloc(50_000, i))
    await server.close()
    for (const ws of list) equal(await ws.over, [1001, 200])`)
})

test('maxConnections is of the whole server', async () => {
  await passes(`
    const server = await serve({ maxConnections: 4 })
    const made = sockets(server, 4)
    const list = await peers(4, server.url)
    await made
    const refused = new WS(server.url)
    const [error] = await once(refused, 'error')
    equal(error.message, 'Unexpected server response: 503')
    const gone = Promise.race([...server.clients].map((socket) => once(socket, 'close')))
    list[2].close()
    await gone
    const [[socket]] = await Promise.all([once(server, 'connection'), peer(server.url)])
    equal(server.clients.size, 4)
    equal(server.clients.has(socket), true)
    await server.close()`)
})

test('a taken port is one error and one close; reusePort lets two servers share it', async () => {
  await passes(`
    const first = await serve()
    const second = new WebSocketServer({ port: first.address().port, host: '127.0.0.1' })
    const events = []
    for (const name of ['listening', 'error', 'close']) second.on(name, (error) => events.push(name + (error?.code ?? '')))
    await gone(second)
    await new Promise(setImmediate)
    equal(events, ['errorEADDRINUSE', 'close'])
    await peer(first.url)
    await first.close()
    const shared = [await serve({ reusePort: true })]
    shared.push(await serve({ reusePort: true, port: shared[0].address().port }))
    for (const server of shared) await server.close()`)
})

test('verify decides for connections of all threads, at once or later', async () => {
  await passes(`
    const server = await serve({
      protocols: ['a'],
      verify: (request) => request.url === '/later' ? new Promise((resolve) => setImmediate(resolve, true)) : request.url === '/now',
    })
    server.on('headers', (lines, request) => lines.push('X-Path: ' + request.url))
    const list = [...await peers(3, server.url + '/now'), ...await peers(3, server.url + '/later')]
    for (let i = 0; i < 3; i++) {
      const [error] = await once(new WS(server.url + '/never'), 'error')
      equal(error.message, 'Unexpected server response: 403')
    }
    for (const ws of list) equal([(await (ws.close(), ws.over))[0]], [1005])
    await server.close()`)
})

test('upgrades of an http server, by their descriptors, are spread too', async () => {
  await passes(`
    const http = require('node:http').createServer().listen(0, '127.0.0.1')
    await once(http, 'listening')
    const server = new WebSocketServer({ noServer: true })
    const called = []
    http.on('upgrade', (request, socket, head) => server.handleUpgrade(request, socket, head, (ws) => {
      called.push(ws); ws.subscribe('t'); ws.on('message', (text) => ws.publish('t', text))
    }))
    const list = await peers(6, 'ws://127.0.0.1:' + http.address().port)
    while (called.length < 6) await new Promise(setImmediate)
    equal(stats('connections'), [2, 2, 2])
    equal(new Set(server.clients), new Set(called))
    list[4].send('from 4')
    for (const ws of list) if (ws !== list[4]) { await ws.until(1); equal(ws.got, ['from 4']) }
    server.publish('t', 'to all')
    for (const ws of list) { await ws.until(ws === list[4] ? 1 : 2); equal(ws.got.at(-1), 'to all') }
    await server.close()
    for (const ws of list) equal((await ws.over)[0], 1001)
    http.close()`)
})

test('upgrades of an https server, through pipes, and a TLS listener of its own', async () => {
  const { server } = certificates()
  await passes(
    `
    const options = { cert: process.env.CERT, key: process.env.KEY }
    const https = require('node:https').createServer(options).listen(0, '127.0.0.1')
    await once(https, 'listening')
    for (const server of [new WebSocketServer({ server: https }), await serve({ tls: options })]) {
      server.on('connection', (socket) => { socket.subscribe('t'); socket.on('message', (text) => socket.send(text)) })
      const made = sockets(server, 6)
      const list = await peers(6, 'wss://127.0.0.1:' + server.address().port, { rejectUnauthorized: false })
      for (const ws of list) ws.send('x'.repeat(100_000))
      for (const ws of list) { await ws.until(1); equal(ws.got[0].length, 100_000) }
      await made
      equal(stats('connections'), [2, 2, 2])
      server.publish('t', 'to all')
      for (const ws of list) { await ws.until(2); equal(ws.got[1], 'to all') }
      await server.close()
      for (const ws of list) equal((await ws.over)[0], 1001)
    }
    https.close(); https.closeAllConnections()`,
    { CERT: server.cert, KEY: server.key },
  )
})

test('several servers, clients of our own and servers made anew share the threads', async () => {
  await passes(`
    for (let round = 0; round < 5; round++) {
      const servers = await Promise.all([serve(), serve(), serve(), serve()])
      for (const server of servers) server.on('connection', (socket) => { socket.subscribe('t'); socket.send('open') })
      const clients = await Promise.all(servers.flatMap((server) => [server, server, server].map(async ({ url }) => {
        const client = new WebSocket(url)
        client.got = []
        client.on('message', (text) => client.got.push(text))
        await once(client, 'open')
        while (client.got.length < 1) await once(client, 'message')
        return client
      })))
      servers.forEach((server, i) => server.publish('t', 'of ' + i))
      for (const [i, client] of clients.entries()) {
        while (client.got.length < 2) await once(client, 'message')
        equal(client.got, ['open', 'of ' + Math.floor(i / 3)])
      }
      const closed = clients.map((client) => once(client, 'close'))
      await Promise.all(servers.map((server) => server.close()))
      for (const [code] of await Promise.all(closed)) equal(code, 1001)
    }`)
})

describe('the end of a process', () => {
  test('what was sent and published on all threads reaches the peers', async () => {
    const outcome = await run(`${PRELUDE}
      const { fork } = require('node:child_process')
      const server = await serve({ maxBackpressure: 1 << 30 })
      const made = sockets(server, 6)
      // The peers live in another process: this one does not see its own exit.
      const other = require('node:child_process').spawn(process.execPath, ['-e', \`
        const WS = require('ws')
        let over = 0
        for (let i = 0; i < 6; i++) {
          let count = 0
          const ws = new WS('\${server.url}')
          ws.on('message', () => count++)
          ws.on('error', () => {})
          ws.on('close', (code) => { console.log(code, count); over++ })
        }\`], { stdio: ['ignore', 'inherit', 'inherit'] })
      const all = await made
      for (const socket of all) socket.subscribe('t')
      for (const socket of all) socket.on('message', () => {})
      for (let i = 0; i < 200; i++) { all[i % 6].publish('t', 'm' + i); server.publish('t', 's' + i); all[(i + 1) % 6].send('x') }
      process.exit(3)`)
    expect(outcome).toMatchObject({ code: 3, signal: null, stderr: '' })
    const lines = outcome.stdout.trim().split('\n').sort()
    // 200 from the server, 200 from sockets but its own 33 or 34, and as many sent to it alone.
    const own = (n: number): number => Array.from({ length: 200 }).filter((_, i) => i % 6 === n).length
    const sent = (n: number): number => Array.from({ length: 200 }).filter((_, i) => (i + 1) % 6 === n).length
    expect(lines).toEqual(Array.from({ length: 6 }, (_, n) => `1006 ${400 - own(n) + sent(n)}`).sort())
  })

  test('while floods go in all directions', async () => {
    for (let round = 0; round < 3; round++) {
      const outcome = await run(`${PRELUDE}
        const server = await serve()
        server.on('connection', (socket) => { socket.subscribe('t'); socket.on('message', (m) => { socket.publish('t', m); server.publish('t', m) }) })
        const clients = await Promise.all(Array.from({ length: 12 }, () => dial(server.url)))
        let count = 0
        for (const client of clients) client.on('message', () => { if (++count === 20000) process.exit(9) })
        setInterval(() => { for (const client of clients) for (let i = 0; i < 20; i++) client.send('x'.repeat(300)) }, 1)`)
      expect(outcome).toMatchObject({ code: 9, signal: null, stderr: '' })
    }
  })

  test('by itself after close, with threads that idle', async () => {
    await passes(`
      const server = await serve()
      await peers(3, server.url).then((list) => list.forEach((ws) => ws.close()))
      await server.close()`)
  })
})

test('worker threads have threads of their own, and are terminated in the middle of a flood', async () => {
  await passes(`
    const { Worker } = require('node:worker_threads')
    const workers = Array.from({ length: 2 }, () => new Worker(\`
      const { WebSocketServer, configure } = require(process.env.HAWSER_ENTRY)
      const { parentPort } = require('node:worker_threads')
      configure({ threads: 3 })
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      server.on('connection', (socket) => { socket.subscribe('t'); socket.on('message', (m) => { for (let i = 0; i < 10; i++) server.publish('t', m) }) })
      server.on('listening', () => parentPort.postMessage(server.address().port))\`, { eval: true }))
    await Promise.all(workers.map(async (worker) => {
      const [port] = await once(worker, 'message')
      const list = await peers(6, 'ws://127.0.0.1:' + port)
      for (const ws of list) ws.on('error', () => {})
      // Sent again and again: what one thread hands over may come before the other threads' sockets have subscribed.
      const again = setInterval(() => { for (const ws of list) if (ws.readyState === 1) ws.send('x') }, 1)
      for (const ws of list) await ws.until(600)
      await worker.terminate()
      clearInterval(again)
      for (const ws of list) equal((await ws.over)[0], 1006)
    }))`)
})
