// Who takes part: which program runs a peer's scripts, and whether it is there.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from './processes.mjs'

const bench = dirname(dirname(fileURLToPath(import.meta.url)))
const installed = (...parts) => join(bench, 'node_modules', ...parts)
const node = [process.execPath, '--expose-gc', '--no-warnings']

const node24 = installed('node24', 'bin', 'node')
const bun = installed('@oven', 'bun-linux-x64', 'bin', 'bun')
const deno = installed('@deno', 'linux-x64-glibc', 'deno')

/** hawser again, left at its one I/O thread, in the cases that give it more. */
export const oneThread = 'hawser-1'

/**
 * `command` runs a script, `script` begins the names of the peer's scripts, `probe` is imported to see that it is
 * there.
 * Binaries are called by their path in the platform packages, so that no install script has to have run.
 */
export const peers = {
  hawser: { title: 'hawser', command: node, script: 'hawser', probe: 'hawser' },
  [oneThread]: { title: 'hawser, one I/O thread', command: node, script: 'hawser', probe: 'hawser' },
  ws: { title: 'ws', command: node, script: 'ws', probe: 'ws' },
  'socket.io': { title: 'Socket.IO', command: node, script: 'socket.io', probe: 'socket.io' },
  'ws-includes': { title: 'ws, search first', command: node, script: 'ws-includes', probe: 'ws' },
  'reconnecting-websocket': {
    title: 'reconnecting-websocket',
    command: node,
    script: 'reconnecting-websocket',
    probe: 'reconnecting-websocket',
  },
  'react-use-websocket': {
    title: 'react-use-websocket',
    command: node,
    script: 'react-use-websocket',
    probe: 'react-use-websocket',
  },
  partysocket: { title: 'partysocket', command: node, script: 'partysocket', probe: 'partysocket/ws' },
  bun: { title: 'Bun', command: [bun], script: 'bun', client: 'global', binary: bun },
  deno: {
    title: 'Deno',
    command: [deno, 'run', '-A', '--v8-flags=--expose-gc'],
    script: 'deno',
    client: 'global',
    binary: deno,
  },
  // undici's present major needs a newer Node than this project's oldest.
  undici: {
    title: 'undici',
    command: [node24, '--expose-gc', '--no-warnings'],
    script: 'undici',
    probe: 'undici',
    binary: node24,
  },
  node24: {
    title: 'Node 24',
    command: [node24, '--expose-gc', '--no-warnings'],
    script: 'global',
    binary: node24,
  },
}

export const names = Object.keys(peers)

/**
 * The command that runs a peer's `servers/<peer>-<kind>.mjs` or `clients/<peer>-<kind>.mjs` with options. `fixedHeap`
 * keeps V8's young generation at its smallest: left alone it doubles as it likes, which is not the price of a connection.
 */
export function scriptCommand(name, side, kind, options, { fixedHeap = false } = {}) {
  const peer = peers[name]
  const prefix = side === 'clients' ? (peer.client ?? peer.script) : peer.script
  const [program, ...flags] = peer.command
  const heap = fixedHeap && flags.includes('--expose-gc') ? ['--max-semi-space-size=1'] : []
  return [
    program,
    ...heap,
    ...flags,
    join(bench, 'e2e', side, `${prefix}-${kind}.mjs`),
    JSON.stringify(options),
  ]
}

export function hasScript(name, side, kind) {
  const peer = peers[name]
  const prefix = side === 'clients' ? (peer.client ?? peer.script) : peer.script
  return existsSync(join(bench, 'e2e', side, `${prefix}-${kind}.mjs`))
}

/** Undefined when the peer can run, else why it cannot. */
export async function whyAbsent(name) {
  const { binary, probe, command } = peers[name]
  if (binary && !existsSync(binary)) return 'not installed on this platform'
  const code = probe ? `await import(${JSON.stringify(probe)})` : ''
  const wanted = code + ';console.log(JSON.stringify({ version: process.version }))'
  const evaluate =
    name === 'deno'
      ? [deno, 'eval', wanted]
      : [...command, ...(name === 'bun' ? [] : ['--input-type=module']), '-e', wanted]
  const child = new Child(name, evaluate, { cwd: bench })
  try {
    await child.line('version', 20)
    return undefined
  } catch (error) {
    const reason =
      error.message.split('\n').find((line) => /Error|Cannot|not found/.test(line)) ??
      error.message.split('\n')[0]
    return `${probe === 'hawser' ? 'not built' : 'does not run'} (${reason
      .trim()
      .replaceAll(dirname(bench) + '/', '')
      .slice(0, 120)})`
  } finally {
    await child.end()
  }
}
