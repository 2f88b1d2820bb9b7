// What runners share: the generator as a child, and a client against one of its servers.
import { scriptCommand } from './peers.mjs'
import { Child } from './processes.mjs'

function flags(load) {
  return Object.entries(load).flatMap(([name, value]) =>
    value === true
      ? [`--${name}`]
      : value === false || value === undefined
        ? []
        : [`--${name}`, String(value)],
  )
}

export function generator(context, command, load) {
  return new Child(`the load generator (${command})`, [
    context.loadBinary,
    command,
    ...flags(load),
    '--with-parent',
  ])
}

export function perMillion(cpu, messages) {
  return messages > 0 ? (cpu / messages) * 1e6 : undefined
}

// Starts a client of `peer` against a server of the generator's and hands both to `body`.
export async function withClient(context, peer, kind, command, load, clientOptions, body, run = {}) {
  const server = generator(context, command, load)
  try {
    const { port, messages } = await server.line('port')
    const client = new Child(
      `the ${peer} client`,
      scriptCommand(peer, 'clients', kind, { port, round: messages, ...clientOptions }, run),
    )
    try {
      return await body(client, server)
    } finally {
      client.signal('SIGKILL')
      await client.exited
    }
  } finally {
    server.signal('SIGTERM')
    await server.end()
  }
}

/** Starts a server of a peer and hands it and its port to `body`. */
export async function withServer(context, peer, kind, options, body, run = {}) {
  const server = new Child(`the ${peer} ${kind} server`, scriptCommand(peer, 'servers', kind, options, run))
  try {
    const { port } = await server.line('port')
    return await body(server, port)
  } finally {
    await server.end()
  }
}

/** The result of a generator whose run was valid. */
export async function finished(child, seconds) {
  const result = await child.line('case', seconds)
  if ((await child.exited) !== 0) throw new Error(`the run is not valid: ${JSON.stringify(result)}`)
  return result
}

/** Resident bytes of a server, after collecting garbage. */
export async function resident(server) {
  server.say('resident')
  return (await server.line('resident', 30)).resident
}
