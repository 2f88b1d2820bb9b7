// How processes end: by themselves when nothing is open, and orderly with everything open.
import { run, Child } from '../support/child'

/** Fails with the child's own words. */
function clean(outcome: Awaited<ReturnType<typeof run>>, code = 0): void {
  expect(outcome).toMatchObject({ code, signal: null, stderr: '' })
}

describe('a process ends by itself', () => {
  test.each([
    ['after loading', ''],
    ['after a server closed', `const server = await serve(); await server.close()`],
    [
      'after a connection closed',
      `
      const server = await serve(); const client = await dial(server.url)
      client.close(1000); await once(client, 'close'); await server.close()`,
    ],
    [
      'after a terminated connection',
      `
      const server = await serve(); const client = await dial(server.url)
      client.terminate(); await once(client, 'close'); await server.close()`,
    ],
    [
      'after a failed attempt',
      `
      await gone(new WebSocket('ws://127.0.0.1:1/'))`,
    ],
    [
      'after a server that could not listen',
      `
      const server = new WebSocketServer({ port: 0, host: '192.0.2.1' }); await once(server, 'error')`,
    ],
    ['with a noServer server', `new WebSocketServer({ noServer: true })`],
    ['with an unref()ed server', `(await serve()).unref()`],
    [
      'with an unref()ed connection',
      `
      const server = await serve(); server.unref()
      server.on('connection', (socket) => socket.unref())
      const client = await dial(server.url); client.unref()`,
    ],
    [
      'with an unref()ed attempt',
      `
      const net = require('node:net').createServer().listen(0, '127.0.0.1'); await once(net, 'listening')
      net.unref().on('connection', (socket) => socket.unref())
      new WebSocket('ws://127.0.0.1:' + net.address().port).unref()`,
    ],
  ])('%s', async (_name, script) => clean(await run(script)))

  test('not before a server has closed whose listener was another, and is gone', async () => {
    const script = `
      import { createServer } from 'node:http'
      import { once } from 'node:events'
      const { WebSocketServer } = await import(process.env.HAWSER_ENTRY.replace(/js$/, 'mjs'))
      const http = createServer()
      const server = new WebSocketServer({ server: http })
      http.listen(0, '127.0.0.1')
      await once(http, 'listening')
      await new Promise((done) => http.close(done))
      await server.close()`
    // Where nothing holds the event loop, Node gives a promise up that a module awaits: code 13.
    clean(await run(script, { bare: true, flags: ['--input-type=module'] }))
  })

  test.each([
    ['a server', `await serve()`],
    ['a server after unref() and ref()', `(await serve()).unref().ref()`],
    [
      'an open connection',
      `
      const server = await serve(); server.unref()
      server.on('connection', (socket) => socket.unref())
      await dial(server.url)`,
    ],
  ])('but not while there is %s', async (_name, script) => {
    const child = new Child(`${script}
      let turns = 0
      const idle = setInterval(() => { if (++turns === 20) { clearInterval(idle); say('still here'); later() } }, 1)
      const later = () => { setTimeout(() => say('alive'), 50).unref() }`)
    try {
      await child.says(/alive/)
      expect(child.process.exitCode).toBeNull()
    } finally {
      child.kill()
      await child.exit()
    }
  })
})

describe('process.exit() with sockets open', () => {
  test('at top level', async () => {
    clean(await run(`const server = await serve(); await dial(server.url); process.exit(7)`), 7)
  })

  test('while connecting', async () => {
    clean(await run(`const server = await serve(); new WebSocket(server.url); process.exit(7)`), 7)
  })

  test('within a message handler; what was sent reaches the peer', async () => {
    const server = new Child(`
      const server = await serve(); say('url', server.url)
      server.on('connection', (socket) => {
        let count = 0
        socket.on('message', () => count++)
        socket.on('close', (code) => { say('got', count, code); server.close() })
        socket.send('go')
      })`)
    const [, url] = await server.says(/url (\S+)/)
    const client = await run(`
      const client = new WebSocket(${JSON.stringify(url)})
      client.on('message', () => {
        for (let i = 0; i < 5000; i++) client.send('message ' + i)
        // An exit flushes for 100 ms at the most; on this clock they never pass.
        performance.now = () => 0
        process.exit(3)
      })`)
    clean(client, 3)
    await server.says(/got 5000 1006/)
    clean(await server.exit())
  })

  test('within a close handler and within an open handler', async () => {
    for (const name of ['open', 'close']) {
      clean(
        await run(`const server = await serve(); const client = new WebSocket(server.url)
        client.on('open', () => client.close()); client.prependListener(${JSON.stringify(name)}, () => process.exit(4))`),
        4,
      )
    }
  })

  test('does not wait for a peer that reads nothing', async () => {
    clean(
      await run(`
      const net = require('node:net')
      const server = await serve({ maxBackpressure: 512 << 20 })
      server.on('connection', (socket) => { for (let i = 0; i < 100; i++) socket.send(Buffer.alloc(1 << 20)); process.exit(5) })
      const raw = net.connect(server.address().port, '127.0.0.1').pause()
      raw.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n')`),
      5,
    )
  })

  test('while a flood comes in at full speed', async () => {
    for (let round = 0; round < 3; round++) {
      const flooder = new Child(`
        const server = await serve(); say('url', server.url)
        server.on('connection', (socket) => {
          const fill = () => { while (socket.readyState === 1 && socket.send('flood '.repeat(20))); }
          socket.on('drain', fill); socket.on('close', () => { server.close() }); fill()
        })`)
      const [, url] = await flooder.says(/url (\S+)/)
      const reader = await run(`
        const client = new WebSocket(${JSON.stringify(url)}); let count = 0
        client.on('message', () => { if (++count === 50000) process.exit(6) })`)
      clean(reader, 6)
      clean(await flooder.exit())
    }
  })

  test('with a name still being resolved', async () => {
    clean(
      await run(
        `const client = new WebSocket('ws://a-name-that-takes-long.invalid/'); setImmediate(() => process.exit(8))`,
      ),
      8,
    )
    clean(
      await run(
        `const client = new WebSocket('ws://slow.test/', [], { lookup() {} }); client.on('error', () => {}); setImmediate(() => process.exit(8))`,
      ),
      8,
    )
  })

  test('with everything at once: TLS-less server, clients, topics, pending sends', async () => {
    clean(
      await run(`
      const server = await serve({ perMessageDeflate: { threshold: 0 } })
      server.on('connection', (socket) => { socket.subscribe('t'); socket.on('message', (m) => server.publish('t', m)) })
      const clients = await Promise.all(Array.from({ length: 20 }, () => dial(server.url, { perMessageDeflate: { threshold: 0 } })))
      let count = 0
      for (const client of clients) client.on('message', () => { if (++count === 5000) process.exit(9) })
      setInterval(() => { for (const client of clients) client.send('x'.repeat(300)) }, 1)`),
      9,
    )
  })
})

describe('handlers that throw', () => {
  test('an uncaught throw in a message handler ends the process with its stack', async () => {
    const outcome = await run(`
      const server = await serve()
      server.on('connection', (socket) => socket.on('message', () => { throw new Error('from the handler') }))
      const client = await dial(server.url); client.send('x')`)
    expect(outcome).toMatchObject({ code: 1, signal: null })
    expect(outcome.stderr).toContain('from the handler')
  })

  test.each(['message', 'open', 'close', 'drain', 'ping'])(
    'a throw in %s surfaces as uncaughtException, and the rest goes on',
    async (name) => {
      const outcome = await run(`
      const seen = []
      process.on('uncaughtException', (error) => seen.push(error.message))
      const server = await serve()
      server.on('connection', (socket) => {
        for (let i = 0; i < 5; i++) { socket.send('m' + i); socket.ping('p') }
        // Its message has left the client then, and so has the drain been told.
        socket.on('message', () => socket.close(1000))
      })
      const client = new WebSocket(server.url, [], { highWaterMark: 1 })
      const got = []
      const over = gone(client)
      let thrown = false
      client.on('message', (m) => got.push(m))
      client.once('open', () => { client.send('above the mark of one byte') })
      client.on(${JSON.stringify(name)}, () => { if (!thrown) { thrown = true; throw new Error('from ${name}') } })
      await over
      await server.close()
      await new Promise(setImmediate)
      say(JSON.stringify({ seen, got }))`)
      expect(outcome).toMatchObject({ code: 0, stderr: '' })
      expect(JSON.parse(outcome.stdout)).toEqual({
        seen: [`from ${name}`],
        got: ['m0', 'm1', 'm2', 'm3', 'm4'],
      })
    },
  )

  test('each of many throws surfaces once, none of the messages is lost', async () => {
    const outcome = await run(`
      let caught = 0, count = 0
      process.on('uncaughtException', () => caught++)
      const server = await serve()
      server.on('connection', (socket) => { for (let i = 0; i < 1000; i++) socket.send(String(i)); socket.close() })
      const client = new WebSocket(server.url)
      client.on('message', () => { count++; throw new Error('again') })
      await once(client, 'close'); await server.close()
      say(caught, count)`)
    expect(outcome).toMatchObject({ code: 0, stdout: '1000 1000\n', stderr: '' })
  })

  test('a rejection of an async message handler is an unhandledRejection', async () => {
    const outcome = await run(`
      process.on('unhandledRejection', (reason) => { say(reason.message); process.exit(0) })
      const server = await serve()
      server.on('connection', (socket) => socket.on('message', async () => { throw new Error('async') }))
      ;(await dial(server.url)).send('x')`)
    expect(outcome).toMatchObject({ code: 0, stdout: 'async\n' })
  })
})

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s reaches the main thread', async (signal) => {
    const child = new Child(`
      const server = await serve(); const client = await dial(server.url)
      process.on('${signal}', async () => { await server.close(); say('closed'); })
      say('ready')`)
    await child.says(/ready/)
    child.process.kill(signal)
    const outcome = await child.exit()
    expect(outcome).toMatchObject({ code: 0, stdout: 'ready\nclosed\n', stderr: '' })
  })
})
