// The further nodes seen from the demo.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('node.mjs', import.meta.url))

export class Nodes {
  #children = []
  #ended = []
  #ending = false
  #kill = () => this.#children.forEach((child) => child.kill('SIGKILL'))

  /**
   * Starts them, and resolves when they listen.
   * @param {number} count
   * @param {{ port: number, redis: string }} where
   * @param {Parameters<typeof import('./hub.mjs').listen>[2]} events
   * @param {(why: string) => void} lost called when one ends before it is told to
   */
  async start(count, { port, redis }, { came, took, left }, lost) {
    process.once('exit', this.#kill)
    for (let i = 0; i < count; i++) {
      const child = fork(program, [String(port), redis], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      this.#children.push(child)
      const ended = new Promise((resolve) => child.once('close', resolve))
      this.#ended.push(ended)
      child.once('close', (code, signal) => {
        if (!this.#ending) lost(`A node ended: ${signal ?? `exit code ${code}`}.`)
      })
      await new Promise((resolve) => {
        void ended.then(resolve)
        child.on('message', (message) => {
          if (message.ready !== undefined) resolve()
          else if (message.came !== undefined) came(message.came)
          else if (message.took !== undefined) took(message.took, message.at)
          else left(message.left)
        })
      })
    }
  }

  /** Has them close, and waits for their end. */
  async end() {
    this.#ending = true
    for (const child of this.#children) if (child.connected) child.send({ end: true }, () => {})
    await Promise.all(this.#ended)
    process.off('exit', this.#kill)
  }
}
