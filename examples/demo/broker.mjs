// A redis-server of the demo's own: on a free port of loopback, with nothing on disk.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { UsageError } from './arguments.mjs'

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** @returns {Promise<{ url: string, stop: () => Promise<void> }>} @throws {UsageError} when it is not installed */
export async function startRedis() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hawser-demo-'))
  const port = await freePort()
  const flags = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' }
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    kill()
    await ended
    process.off('exit', kill)
    fs.rmSync(folder, { recursive: true, force: true })
  }
  try {
    await new Promise((resolve, reject) => {
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text) => {
        said += text
        if (said.includes('Ready to accept connections')) resolve()
      })
      child.once('error', reject)
      child.once('exit', () => reject(new UsageError(`redis-server ended: ${said.split('\n').at(-2) ?? ''}`)))
    })
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true })
    if (error.code !== 'ENOENT') throw error
    throw new UsageError('There is no redis-server. Next: apt-get install redis-server')
  }
  return { url: `redis://127.0.0.1:${port}`, stop }
}
