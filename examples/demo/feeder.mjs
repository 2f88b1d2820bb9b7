// The feeder: a C++ program that replays the records over a WebSocket, as a child process.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UsageError } from './arguments.mjs'

const program = fileURLToPath(new URL('../../build/dev/bench/load/hawser-load', import.meta.url))

/**
 * @typedef {object} Feeder
 * @property {string} url where it serves the feed
 * @property {Promise<void>} ended resolves when its process is gone
 * @property {() => void} stop ends it; `ended` follows
 */

/**
 * Starts the feeder and waits until it listens.
 * @param {string} file JSON lines, sent over and over
 * @param {number} rate records/s; 0: as fast as they are read
 * @returns {Promise<Feeder>}
 * @throws {UsageError} when it is not built or does not start
 */
export async function startFeeder(file, rate) {
  if (!fs.existsSync(program)) {
    throw new UsageError('The feeder is not built. Next: npm run build -- --load')
  }
  const args = ['feed', '--file', file, '--port', '0', '--rate', String(rate), '--with-parent']
  // A group of its own: Ctrl-C is for the demo, which then ends the feeder.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint = (complaint + text).slice(-500)))
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)

  return await new Promise((resolve, reject) => {
    const ended = new Promise((done) => {
      child.once('error', (error) => {
        complaint ||= error.message
        done()
      })
      child.once('close', done)
    }).finally(() => process.off('exit', kill))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { port } = JSON.parse(line)
      if (port === undefined) return
      resolve({ url: `ws://127.0.0.1:${port}`, ended, stop: () => child.kill('SIGTERM') })
    })
    void ended.then(() => {
      const why = complaint.trim() || 'it ended at once'
      reject(new UsageError(`The feeder did not start: ${why}. Next: npm run build -- --load`))
    })
  })
}
