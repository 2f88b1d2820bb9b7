// One subscriber, a process of its own: a WebSocket client of other make that checks all it gets.
//   node subscriber.mjs <make: ws | undici> <url> <topics, by comma> <slow: 0 | 1>
// Tells its parent {ready}, then {counts} four times a second, then {counts, ended}.
import { createRequire } from 'node:module'
import { Tally } from './tally.mjs'

const [make, url, topics, slow] = process.argv.slice(2)
/** A slow subscriber reads so many messages, then nothing for so many milliseconds. */
const gulp = { messages: 500, rest: 50 }

const wanted = topics.split(',')
const tally = new Tally(wanted.length)
let hurried = false
let ready = false

// The parent ends this process, also by ending itself; Ctrl-C is not for it.
process.on('disconnect', () => process.exit())
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {})
process.on('message', () => (hurried = true))

function report(more) {
  if (!process.connected) return
  const { received, bytes, missing, wrong } = tally
  process.send({ counts: { received, bytes, missing, wrong }, ...more })
}

/** @param {string} text @param {{ send: (text: string) => void, close: (code: number) => void, rest?: () => void }} socket */
function take(text, socket) {
  const mark = tally.take(text)
  if (mark !== undefined) socket.send(JSON.stringify({ type: 'took', payload: mark }))
  if (!ready && tally.begun) {
    ready = true
    process.send({ ready, version: createRequire(import.meta.url)(`${make}/package.json`).version })
  }
  if (tally.ended) {
    report({ ended: true })
    socket.close(1000)
  } else if (slow === '1' && !hurried && tally.received % gulp.messages === 0) {
    socket.rest?.()
  }
}

function lost(why) {
  if (tally.ended) process.disconnect()
  else fail(why)
}

function fail(why) {
  if (process.connected) process.send({ failed: why }, () => process.exit(1))
  else process.exit(1)
}

const requests = wanted.map((room) => JSON.stringify({ type: 'join', id: room, room }))
const protocol = 'hawser.v1'
const connect = {
  async ws() {
    const { WebSocket } = await import('ws')
    const client = new WebSocket(url, protocol, { perMessageDeflate: false })
    const rest = () => {
      client.pause()
      setTimeout(() => client.resume(), gulp.rest)
    }
    const send = (text) => client.send(text)
    const socket = { send, close: (code) => client.close(code), rest }
    client.on('open', () => requests.forEach(send))
    client.on('message', (data, isBinary) => {
      if (isBinary) tally.wrong++
      else take(data.toString(), socket)
    })
    client.on('error', (error) => fail(error.message))
    client.on('close', (code) => lost(`the service closed with ${code}`))
  },
  async undici() {
    const { WebSocket } = await import('undici')
    const client = new WebSocket(url, protocol)
    client.onopen = () => requests.forEach((request) => client.send(request))
    client.onmessage = ({ data }) => {
      if (typeof data === 'string') take(data, client)
      else tally.wrong++
    }
    client.onerror = (event) => fail(event.error?.message ?? 'the connection failed')
    client.onclose = ({ code }) => lost(`the service closed with ${code}`)
  },
}

setInterval(() => report(), 250).unref()
await connect[make]()
