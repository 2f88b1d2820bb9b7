// A real Redis on a loopback port of its own, in a folder of its own; killed by its process id.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { within } from '../../support/waiters'

export class RedisServer {
  private process: ChildProcess | undefined
  private readonly folder = mkdtempSync(join(tmpdir(), 'hawser-redis-'))

  private constructor(readonly port: number) {}

  /** `durable`: what it has answered survives a kill. */
  static async start(durable = true): Promise<RedisServer> {
    // Somebody else may take the port in between.
    for (let attempt = 1; ; attempt++) {
      const redis = new RedisServer(await freePort())
      try {
        await redis.run(durable)
        return redis
      } catch (error) {
        await redis.stop()
        if (attempt === 5) throw error
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }
  get pid(): number | undefined {
    return this.process?.pid
  }

  async run(durable = true): Promise<void> {
    const words = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.folder,
      save: '',
      appendonly: durable ? 'yes' : 'no',
      appendfsync: 'no',
      daemonize: 'no',
    }
    const flags = Object.entries(words).flatMap(([name, value]) => [`--${name}`, value])
    const child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.process = child
    await within(
      new Promise<void>((resolve, reject) => {
        let said = ''
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          said += text
          if (said.includes('Ready to accept connections')) resolve()
        })
        child.once('error', reject)
        child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)))
      }),
      'redis-server',
    )
  }

  async kill(): Promise<void> {
    const child = this.process
    this.process = undefined
    if (child === undefined || child.exitCode !== null || child.pid === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await within(gone, 'end of redis-server')
  }

  /** Starts again at the same port. */
  async restart({ empty = false } = {}): Promise<void> {
    if (empty) rmSync(join(this.folder, 'appendonlydir'), { recursive: true, force: true })
    await this.run()
  }

  /** Connections it has, less the one that asks. */
  async connections(): Promise<number> {
    const client = createClient({ url: this.url })
    client.on('error', () => {})
    await client.connect()
    const list = await client.sendCommand(['CLIENT', 'LIST'])
    client.destroy()
    return (list as unknown as string).trim().split('\n').length - 1
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
