// A thread that serves a page and carries its calls to the main thread, which may wait for them without turning its event
// loop. What a page asks in a request of its own is answered there; what it is told comes over a WebSocket.
import { createServer } from 'node:http'
import { workerData } from 'node:worker_threads'
import { WebSocketServer } from 'ws'

/** @type {{ port: import('node:worker_threads').MessagePort, letters: Int32Array, program: string }} */
const { port, letters, program } = workerData

/** Wakes the main thread, if it waits. */
function deliver(letter) {
  port.postMessage(letter)
  Atomics.add(letters, 0, 1)
  Atomics.notify(letters, 0)
}

/** Requests that have no answer yet. */
const waiting = new Map()
let calls = 0
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  if (request.method === 'POST') {
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      waiting.set(++calls, response)
      const text = Buffer.concat(parts).toString()
      deliver({ kind: 'call', page: searchParams.get('page'), call: calls, text })
    })
    return
  }
  const script = pathname === '/program.js'
  const html =
    '<!doctype html><title>contract</title><link rel="icon" href="data:,"><script src="/program.js"></script>'
  response.setHeader('content-type', script ? 'text/javascript' : 'text/html').end(script ? program : html)
})
server.keepAliveTimeout = 0

const pages = new Map()
new WebSocketServer({ server }).on('connection', (socket, request) => {
  const page = new URL(request.url, 'http://localhost').searchParams.get('page')
  pages.set(page, socket)
  socket.on('message', (data) => deliver({ kind: 'told', page, text: String(data) }))
  socket.on('close', () => {
    pages.delete(page)
    deliver({ kind: 'gone', page })
  })
})

port.on('message', ({ page, call, text }) => {
  if (call === undefined) {
    pages.get(page)?.send(text)
    return
  }
  waiting.get(call)?.end(text)
  waiting.delete(call)
})
server.listen(0, '127.0.0.1', () => deliver({ kind: 'listening', port: server.address().port }))
