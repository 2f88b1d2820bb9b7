// Brokers for tests: real servers on an address of this process alone, with a folder of their own. They end with the test,
// and with the process of the test if that is killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ownAddress } from '../../support/addresses'
import { until, within } from '../../support/waiters'

interface Program {
  command: string
  args: string[]
  env?: Record<string, string>
  /** What it prints when it is there. */
  ready: RegExp
}

/** Milliseconds until a program is there, also RabbitMQ on a machine with much else to do: turns a hang into a failure. */
export const longestStart = 60_000

/** Some of these programs are where only root's PATH looks. */
const path = [process.env['PATH'], '/usr/sbin', '/usr/lib/rabbitmq/bin'].join(delimiter)
let ports = 10_000 + (process.pid % 20_000)
/** A port of `ownAddress` below those that the kernel gives away: who returns to it finds it free. */
export function ownPort(): number {
  return ports++
}

/** One run of one program. */
class Run {
  private readonly child: ChildProcess
  private readonly ended: Promise<unknown>
  private output = ''

  constructor({ command, args, env }: Program, folder: string) {
    // With the death of the test's process comes that of the program.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {
      cwd: folder,
      env: { LANG: 'C.UTF-8', PATH: path, HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.ended = new Promise((resolve) => this.child.on('close', resolve))
    this.child.on('error', (error) => (this.output += String(error)))
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    }
  }

  /** Waits until it has printed `pattern`. */
  async says(pattern: RegExp): Promise<void> {
    const said = new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(this.output)) resolve()
      }
      for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on('data', look)
      look()
      void this.ended.then(() => reject(new Error('it ended')))
    })
    try {
      await within(said, `${String(pattern)} of ${this.child.spawnargs.join(' ')}`, longestStart)
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${this.output}`, { cause: error })
    }
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    this.child.kill(name)
    await within(this.ended, `end of ${this.child.spawnargs.join(' ')}`)
  }

  /** Takes it off the processor, or back: its connections stay, and nothing answers. */
  hold(held: boolean): void {
    this.child.kill(held ? 'SIGSTOP' : 'SIGCONT')
  }
}

export class Broker {
  readonly host = ownAddress
  private run: Run | undefined
  /** What has to be there before, as long as this is. */
  private companion: Run | undefined

  protected constructor(
    private readonly program: Program,
    readonly url: string,
    readonly folder: string,
    private readonly company?: Program,
  ) {}

  /** Redis. `durable`: what it has answered survives a kill. */
  static async redis(durable = true): Promise<Broker> {
    const [folder, port] = [ownFolder('redis'), ownPort()]
    const settings = {
      ...{
        bind: ownAddress,
        port,
        dir: folder,
        save: '',
        appendonly: durable ? 'yes' : 'no',
        appendfsync: 'no',
      },
    }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    const ready = /Ready to accept connections/
    return started(
      new Broker({ command: 'redis-server', args, ready }, `redis://${ownAddress}:${port}`, folder),
    )
  }

  /** NATS with JetStream. */
  static async nats(): Promise<Broker> {
    const [folder, port] = [ownFolder('nats'), ownPort()]
    const args = ['-a', ownAddress, '-p', String(port), '-js', '-sd', folder]
    const ready = /Server is ready/
    return started(
      new Broker({ command: 'nats-server', args, ready }, `nats://${ownAddress}:${port}`, folder),
    )
  }

  /** RabbitMQ, which takes some seconds, with the port mapper that it would else leave behind. */
  static async rabbit(): Promise<Broker> {
    const [folder, port, distribution, mapper] = [ownFolder('rabbit'), ownPort(), ownPort(), ownPort()]
    const config = join(folder, 'rabbitmq.conf')
    const plugins = join(folder, 'enabled_plugins')
    const lines = [
      `listeners.tcp.1 = ${ownAddress}:${port}`,
      'loopback_users = none',
      'log.file = false',
      'log.console = true',
      'log.console.level = warning',
    ]
    writeFileSync(config, `${lines.join('\n')}\n`)
    writeFileSync(plugins, '[].\n')
    const mapped = { ERL_EPMD_PORT: String(mapper), ERL_EPMD_ADDRESS: ownAddress }
    const env = {
      ...mapped,
      RABBITMQ_NODENAME: `hawser-${process.pid}@localhost`,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_CONFIG_FILE: config,
      RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
      RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'none'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
      RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
      RABBITMQ_PLUGINS_EXPAND_DIR: join(folder, 'plugins'),
      RABBITMQ_FEATURE_FLAGS_FILE: join(folder, 'feature_flags'),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      // The start script becomes the server instead of waiting for it.
      RUNNING_UNDER_SYSTEMD: 'true',
    }
    return started(
      new Broker(
        {
          command: '/usr/lib/rabbitmq/bin/rabbitmq-server',
          args: [],
          env,
          ready: /completed with \d+ plugins/,
        },
        `amqp://guest:guest@${ownAddress}:${port}`,
        folder,
        { command: 'epmd', args: ['-d', '-d'], env: mapped, ready: /entering the main select\(\) loop/ },
      ),
    )
  }

  async start(): Promise<void> {
    if (this.company !== undefined && this.companion === undefined) {
      this.companion = new Run(this.company, this.folder)
      await this.companion.says(this.company.ready)
    }
    this.run = new Run(this.program, this.folder)
    await this.run.says(this.program.ready)
  }

  /** Ends it as a failing machine would; what it has stored stays. */
  async kill(): Promise<void> {
    await this.run?.signal('SIGKILL')
    this.run = undefined
  }

  /** It was started, and not killed. */
  get running(): boolean {
    return this.run !== undefined
  }
  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** Has it back at its address; `empty`: what it had stored is lost. */
  async restart({ empty = false } = {}): Promise<void> {
    if (empty) this.wipe()
    await this.start()
  }
  private wipe(): void {
    for (const name of readdirSync(this.folder)) {
      if (name !== 'rabbitmq.conf' && name !== 'enabled_plugins') {
        rmSync(join(this.folder, name), { recursive: true })
      }
    }
  }

  /** Connections that it has, as the kernel tells. */
  async connections(): Promise<number> {
    // `sl local_address rem_address st …`: bytes of the address from the last to the first, state 01 is established.
    const bytes = this.host.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
    const port = this.port.toString(16).padStart(4, '0')
    const local = `${bytes.reverse().join('')}:${port}`.toUpperCase()
    const lines = (await readFile('/proc/net/tcp', 'latin1'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    return lines.filter(([, address, , state]) => address === local && state === '01').length
  }

  /** Its connections stay and nothing is answered, until `thaw`. */
  freeze(): void {
    this.run?.hold(true)
  }
  thaw(): void {
    this.run?.hold(false)
  }

  /** The end of it and of its folder. Throws when a process of it is left. */
  async stop(): Promise<void> {
    await this.kill()
    await this.companion?.signal('SIGKILL')
    this.companion = undefined
    rmSync(this.folder, { recursive: true, force: true })
    // What it has started itself ends a moment later.
    await until(() => !readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && this.owns(pid)))
  }

  private owns(pid: string): boolean {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`HOME=${this.folder}`)
    } catch {
      return false // not ours, or gone meanwhile
    }
  }
}

function ownFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `hawser-${name}-`))
}

async function started(broker: Broker): Promise<Broker> {
  try {
    await broker.start()
  } catch (error) {
    await broker.stop()
    throw error
  }
  return broker
}
