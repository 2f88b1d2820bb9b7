// Many clients that stay connected and do nothing but their heartbeats.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { options, say } from '../servers/control.mjs'
import { wrong } from './measured.mjs'

export { url } from './measured.mjs'

/** Milliseconds between two pings of a client. */
export const { interval } = options

const firstClients = 200
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function resident() {
  for (let round = 0; round < 6; round++) {
    globalThis.gc?.()
    await pause(100)
  }
  return Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4096
}

const milliseconds = ({ user, system }) => (user + system) / 1000

/** `open()` gives the promise of a connected client, `alive(client)` whether it still is, and how often it pinged. */
export async function measureIdle(open, check) {
  const openMany = async (number) => {
    const clients = []
    for (let i = 0; i < number; i++) clients.push(await open())
    return clients
  }
  // What the first clients make the program load and compile is not the price of a client.
  const clients = await openMany(firstClients)
  const before = await resident()
  clients.push(...(await openMany(options.clients)))
  const after = await resident()
  const used = process.cpuUsage()
  await pause(options.seconds * 1000)
  const cpu = milliseconds(process.cpuUsage(used))
  const lost = clients.filter((client) => !check(client)).length
  if (lost > 0) wrong(`${lost} of ${clients.length} clients lost their connection or sent no ping`)
  say({ bytes: (after - before) / options.clients, idleCpu: cpu / options.seconds, before, after })
  process.exit(0)
}
