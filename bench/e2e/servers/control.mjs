// What every measured process shares: its options, the line that says it is ready, and the lines it obeys.
// Commands come as lines on standard input, answers leave as JSON lines on standard output. When standard input
// ends, the process ends: nothing outlives the harness.
import { readFileSync } from 'node:fs'
import process from 'node:process'

/** Options of this process: a JSON object in the first argument. */
export const options = JSON.parse(process.argv[2] ?? '{}')

/** Certificate and key for the TLS cases, undefined without them. */
export const tls = options.tls
  ? { cert: readFileSync(options.tls.cert, 'utf8'), key: readFileSync(options.tls.key, 'utf8') }
  : undefined

export function say(object) {
  process.stdout.write(JSON.stringify(object) + '\n')
}

/** Resident bytes, after collecting garbage as far as the runtime lets itself be told. */
async function resident() {
  for (let round = 0; round < 6; round++) {
    if (globalThis.Bun) globalThis.Bun.gc(true)
    else globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1])
  return pages * 4096
}

function block(milliseconds) {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

/** Says that the server listens, and from then on obeys the harness, with `commands` of the server's own. */
export function ready(port, commands = {}) {
  const known = {
    ...commands,
    resident: async () => say({ resident: await resident() }),
    block: (milliseconds) => {
      say({ blocking: true })
      // The line above has to leave first; a turn of the loop later it has.
      setTimeout(() => {
        block(Number(milliseconds))
        say({ blocked: Number(milliseconds) })
      }, 20)
    },
  }
  let partial = ''
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (text) => {
    const lines = (partial + text).split('\n')
    partial = lines.pop()
    for (const line of lines) {
      const [name, ...words] = line.split(' ')
      known[name]?.(...words)
    }
  })
  process.stdin.on('end', () => process.exit(0))
  say({ port })
}
