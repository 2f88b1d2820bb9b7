// An address whose connection attempts neither succeed nor fail: a listener that nobody accepts from, its queue full.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as net from 'node:net'
import { event, until, within } from './waiters'

export interface FullBacklog {
  port: number
  close(): Promise<void>
}

// The process that owns the listener is stopped, so it never accepts; a backlog of 1 then holds two connections and the
// kernel drops every further SYN.
const OWNER = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, server.address().port + '\\n')
  process.kill(process.pid, 'SIGSTOP')
})`
const held = 2

/** On 127.0.0.1. */
export async function fullBacklog(): Promise<FullBacklog> {
  const owner = spawn(process.execPath, ['-e', OWNER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => owner.once('exit', () => resolve()))
  const port = await within(
    new Promise<number>((resolve) =>
      owner.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
    ),
    'port of the full listener',
  )
  const fillers: net.Socket[] = []
  for (let i = 0; i < held; i++) {
    const socket = net.connect(port, '127.0.0.1')
    fillers.push(socket)
    await event(socket, 'connect')
  }
  // Our end is connected before the listener has counted it.
  await until(() => waiting(port) === held)
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy()
      owner.kill('SIGKILL')
      await exited
    },
  }
}

/** Connections that wait to be accepted at a port of 127.0.0.1: a listener's line has them where others have bytes. */
function waiting(port: number): number {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, local, , state, queues] = line.trim().split(/\s+/)
    if (local === address && state === '0A') return Number.parseInt(queues.split(':')[1], 16)
  }
  throw new Error(`nothing listens at ${port}`)
}
