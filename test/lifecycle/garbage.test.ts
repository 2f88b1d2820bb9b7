// Garbage collection: open sockets are never collected, closed ones are; memory comes back.
import { run } from '../support/child'

const flags = ['--expose-gc']
const GC = `
const collect = async () => { for (let i = 0; i < 10; i++) { await new Promise(setImmediate); gc() } }
`

test('an open socket that nobody holds keeps working', async () => {
  const outcome = await run(
    `${GC}
    const server = await serve()
    let count = 0
    server.on('connection', (socket) => socket.on('message', (m) => socket.send(m)))
    await (async () => {
      const client = await dial(server.url)
      client.on('message', () => { if (++count === 3) client.close() })
      client.send('a')
      globalThis.weak = new WeakRef(client)
    })()
    await collect()
    if (weak.deref() === undefined) throw new Error('collected while open')
    weak.deref().send('b')
    await collect()
    weak.deref().send('c')
    await new Promise((resolve) => weak.deref().on('close', resolve))
    say(count); await server.close()`,
    { flags },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: '3\n', stderr: '' })
})

test('closed sockets are collected, on both sides, with what hung on them', async () => {
  const outcome = await run(
    `${GC}
    const server = await serve()
    const refs = []
    server.on('connection', (socket) => { refs.push(new WeakRef(socket)); socket.on('message', () => {}) })
    for (let i = 0; i < 50; i++) {
      const client = await dial(server.url)
      refs.push(new WeakRef(client))
      client.on('message', () => {}).send('x'.repeat(1000))
      i % 2 ? client.close() : client.terminate()
      await once(client, 'close')
    }
    await server.close()
    await collect()
    // The last ones may still be on the stack of this function.
    say(refs.filter((ref) => ref.deref() !== undefined).length <= 4)`,
    { flags },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

test('failed attempts are collected', async () => {
  const outcome = await run(
    `${GC}
    const refs = []
    for (let i = 0; i < 50; i++) {
      const client = new WebSocket('ws://127.0.0.1:1/')
      refs.push(new WeakRef(client))
      await gone(client)
    }
    await collect()
    say(refs.filter((ref) => ref.deref() !== undefined).length <= 2)`,
    { flags },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

test('a closed server is collected', async () => {
  const outcome = await run(
    `${GC}
    const refs = []
    for (let i = 0; i < 20; i++) await (async () => {
      const server = await serve(); refs.push(new WeakRef(server)); await server.close()
    })()
    await collect()
    say(refs.filter((ref) => ref.deref() !== undefined).length <= 2)`,
    { flags },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

test('opening and closing thousands of connections leaves memory where it was', async () => {
  const outcome = await run(
    `${GC}
    const server = await serve()
    server.on('connection', (socket) => socket.on('message', (m) => socket.send(m)))
    const round = async () => {
      for (let i = 0; i < 10; i++) {
        const clients = await Promise.all(Array.from({ length: 50 }, () => dial(server.url)))
        await Promise.all(clients.map(async (client) => { client.send(Buffer.alloc(20000)); await once(client, 'message'); client.close(); await once(client, 'close') }))
      }
      await collect()
      return process.memoryUsage().rss
    }
    await round(); await round()
    const before = await round()
    let after = 0
    for (let i = 0; i < 4; i++) after = await round()
    // 2,000 connections with 40 kB each would be 80 MB if anything of them stayed. The rings' 8 MB may be touched late,
    // and V8's young generation has 16 MB to grow by.
    say(after - before < 40e6); await server.close()`,
    { flags },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

test('megabytes that pass do not stay: large payloads both ways', async () => {
  const outcome = await run(
    `${GC}
    const server = await serve({ maxBackpressure: 256 << 20 })
    server.on('connection', (socket) => socket.on('message', (m) => socket.send(m)))
    const client = await dial(server.url, { maxBackpressure: 256 << 20 })
    const big = Buffer.alloc(4 << 20, 1)
    const pass = async (count) => {
      for (let i = 0; i < count; i++) { client.send(big); await once(client, 'message') }
      await collect(); return process.memoryUsage().rss
    }
    const before = await pass(20)
    const after = await pass(60)
    say(after - before < 64e6); client.terminate(); await once(client, 'close'); await server.close()`,
    { flags },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

test('a message of half a million tiny fragments does not pin memory', async () => {
  const outcome = await run(
    `${GC}
    const net = require('node:net')
    const server = await serve({ heartbeat: false })
    let got = 0
    server.on('connection', (socket) => socket.on('message', (m) => { got = m.length; socket.close() }))
    const raw = net.connect(server.address().port, '127.0.0.1')
    raw.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n')
    await once(raw, 'data')
    await collect()
    const before = process.memoryUsage().rss
    const fragment = Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x61])
    const block = Buffer.concat(Array.from({ length: 5000 }, () => fragment))
    raw.write(Buffer.from([0x01, 0x80, 0, 0, 0, 0]))
    for (let i = 0; i < 100; i++) await new Promise((resolve) => raw.write(block, resolve))
    await collect()
    const growth = process.memoryUsage().rss - before
    raw.write(Buffer.from([0x80, 0x80, 0, 0, 0, 0]))
    await once(raw, 'data'); raw.destroy(); await server.close()
    say(got, growth < 24e6)`,
    { flags },
  )
  expect(outcome).toMatchObject({ code: 0, stdout: '500000 true\n', stderr: '' })
})
