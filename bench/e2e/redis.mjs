// A redis-server of the benchmark's own: on a port of its own, with nothing on disk.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:net'
import { Child } from './processes.mjs'

/** Undefined when there is a redis-server, else what to do. */
export function whyNoRedis() {
  const { error } = spawnSync('redis-server', ['--version'])
  return error === undefined ? undefined : 'there is no redis-server: apt-get install redis-server'
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** Hands the URL of a server that is there as long as `body` runs. */
export async function withRedis(body) {
  const missing = whyNoRedis()
  if (missing !== undefined) throw new Error(missing)
  const directory = mkdtempSync(join(tmpdir(), 'hawser-bench-'))
  const port = await freePort()
  const flags = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: directory }
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = new Child('redis-server', ['redis-server', ...words])
  try {
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries === 200) throw new Error('redis-server does not answer')
      await pause(50)
    }
    return await body(`redis://127.0.0.1:${port}`)
  } finally {
    child.signal('SIGKILL')
    await child.exited
    rmSync(directory, { recursive: true, force: true })
  }
}
