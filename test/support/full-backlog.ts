// An address whose connection attempts neither succeed nor fail: a listener that nobody accepts from, its queue full.
import { spawn } from 'node:child_process'
import * as net from 'node:net'
import { within } from './waiters'

export interface FullBacklog {
  port: number
  close(): Promise<void>
}

// The process that owns the listener is stopped, so it never accepts; a backlog of 1 then holds two connections and the
// kernel drops every further SYN.
const OWNER = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: process.argv[1], backlog: 1 }, () => {
  require('node:fs').writeSync(1, server.address().port + '\\n')
  process.kill(process.pid, 'SIGSTOP')
})`

export async function fullBacklog(host = '127.0.0.1'): Promise<FullBacklog> {
  const owner = spawn(process.execPath, ['-e', OWNER, host], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => owner.once('exit', () => resolve()))
  const port = await within(
    new Promise<number>((resolve) =>
      owner.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
    ),
    'port of the full listener',
  )
  const fillers: net.Socket[] = []
  // Fills until an attempt is left hanging: connected ones answer at once on the loopback.
  for (let open = true; open;) {
    const socket = net.connect(port, host)
    socket.on('error', () => {})
    fillers.push(socket)
    open = await Promise.race([
      new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true))),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300).unref()),
    ])
  }
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy()
      owner.kill('SIGKILL')
      await exited
    },
  }
}
