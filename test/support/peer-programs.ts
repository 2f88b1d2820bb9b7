// Clients and servers of other makes, each a program that runs in a process of its own and echoes or asks for echoes.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface PeerRuntime {
  name: string
  executable: string
  /** Where its WebSocket class comes from. */
  kind: 'ws' | 'undici' | 'global' | 'bun'
}

const require_ = createRequire(__filename)

/** Where the runtimes that the tests use are installed. */
const RUNTIMES = join(__dirname, '../package/runtimes/node_modules')

function binary(packageName: string, file: string): string | undefined {
  const path = join(RUNTIMES, packageName, file)
  return existsSync(path) ? path : undefined
}

/** Everything that can be a client here. Runtimes count where their npm packages are installed. */
export function clientRuntimes(): PeerRuntime[] {
  const found: PeerRuntime[] = [
    { name: 'ws', executable: process.execPath, kind: 'ws' },
    { name: 'undici', executable: process.execPath, kind: 'undici' },
  ]
  if (typeof globalThis.WebSocket === 'function')
    found.push({ name: `Node ${process.version}`, executable: process.execPath, kind: 'global' })
  for (const name of ['node22', 'node24', 'node26']) {
    const executable = binary(name, 'bin/node')
    if (executable) found.push({ name: `${name}'s global WebSocket`, executable, kind: 'global' })
  }
  const bun = binary('@oven/bun-linux-x64', 'bin/bun')
  if (bun) found.push({ name: 'Bun', executable: bun, kind: 'bun' })
  return found
}

/** Everything that can be a server here. */
export function serverRuntimes(): PeerRuntime[] {
  return clientRuntimes().filter(({ kind }) => kind === 'ws' || kind === 'bun')
}

const modulePath = (name: string): string => JSON.stringify(dirname(require_.resolve(`${name}/package.json`)))

/** Deterministic payloads, the same in every process: `make(size, index)`; of numbered blocks when they are long. */
export const PAYLOADS = `
const BLOCK = 65536
const make = (size, index) => {
  const out = new Uint8Array(size)
  let state = (size * 31 + index * 7 + 1) >>> 0
  for (let i = 0; i < Math.min(size, BLOCK); i++) {
    if ((i & 63) === 0) state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    out[i] = index % 2 ? 0x61 + ((state >>> (i & 15)) % 26) : (state >>> (i & 23)) & 255
  }
  for (let at = BLOCK; at < size; at += BLOCK) {
    out.copyWithin(at, 0, Math.min(BLOCK, size - at))
    const block = at / BLOCK
    out[at] = 0x61 + (block % 26)
    if (at + 1 < size) out[at + 1] = 0x61 + (Math.floor(block / 26) % 26)
  }
  return out
}
const same = (a, b) => Buffer.from(a.buffer ?? a, a.byteOffset ?? 0, a.byteLength).equals(Buffer.from(b))
`

/**
 * A client that sends every size as text (odd) and binary (even), demands each back in order, closes with 1000 and prints
 * "closed <code> <reason>".
 */
export function clientProgram(runtime: PeerRuntime, url: string, sizes: number[], deflate: boolean): string {
  const make = {
    ws: `new (require(${modulePath('ws')}))(url, { rejectUnauthorized: false, perMessageDeflate: ${deflate}, maxPayload: 0 })`,
    undici: `new (require(${modulePath('undici')}).WebSocket)(url, { dispatcher: new (require(${modulePath('undici')}).Agent)({ connect: { rejectUnauthorized: false } }) })`,
    global: 'new WebSocket(url)',
    bun: 'new WebSocket(url, { tls: { rejectUnauthorized: false } })',
  }[runtime.kind]
  return `${PAYLOADS}
const url = ${JSON.stringify(url)}, sizes = ${JSON.stringify(sizes)}
const ws = ${make}
ws.binaryType = 'arraybuffer'
let next = 0
const sent = []
ws.onopen = () => {
  console.log('extensions ' + ws.extensions)
  sizes.forEach((size, i) => {
    const data = (sent[i] = make(size, i))
    ws.send(i % 2 ? Buffer.from(data).toString('latin1') : data)
  })
}
ws.onmessage = ({ data }) => {
  const isText = typeof data === 'string'
  const bytes = isText ? Buffer.from(data, 'latin1') : new Uint8Array(data)
  if (isText !== (next % 2 === 1) || !same(bytes, sent[next])) { console.log('mismatch at ' + next); process.exit(1) }
  if (++next === sizes.length) ws.close(1000, 'done')
}
ws.onerror = (e) => console.log('error ' + (e.message || (e.error && e.error.message)))
ws.onclose = (e) => { console.log('closed ' + e.code + ' ' + e.reason); process.exit(0) }`
}

/** An echo server that prints its port; TLS where \`cert\` and \`key\` are given. */
export function serverProgram(
  runtime: PeerRuntime,
  deflate: boolean,
  identity?: { cert: string; key: string },
): string {
  const tls = JSON.stringify(identity ?? null)
  if (runtime.kind === 'bun') {
    return `const tls = ${tls}
const server = Bun.serve({ port: 0, hostname: '127.0.0.1', ...(tls ? { tls } : {}),
  fetch(req, server) { return server.upgrade(req) ? undefined : new Response('no', { status: 400 }) },
  websocket: { perMessageDeflate: ${deflate}, maxPayloadLength: 64 << 20, backpressureLimit: 256 << 20, message(ws, data) { ws.send(data, ${deflate}) } } })
console.log('port ' + server.port)`
  }
  return `const { WebSocketServer } = require(${modulePath('ws')})
const tls = ${tls}
const server = tls ? require('node:https').createServer(tls) : require('node:http').createServer()
new WebSocketServer({ server, perMessageDeflate: ${deflate}, maxPayload: 0 }).on('connection', (ws) => {
  ws.on('message', (data, binary) => ws.send(data, { binary }))
  ws.on('error', (e) => console.log('error ' + e.message))
})
server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))`
}
