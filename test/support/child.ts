// Runs a script in a Node (or other) process of its own, with the built package's path in its environment.
import { spawn, type ChildProcess } from 'node:child_process'
import { resolve as resolvePath } from 'node:path'
import { DEADLINE, within } from './waiters'

/** The CommonJS entry that children load. */
export const ENTRY = process.env['HAWSER_ENTRY'] ?? resolvePath(__dirname, '../../dist/index.js')

/** What every script starts with: the package's names and a few shorthands. */
const PRELUDE = `
const hawser = require(process.env.HAWSER_ENTRY)
const { WebSocket, WebSocketServer } = hawser
const { once } = require('node:events')
const say = (...words) => require('node:fs').writeSync(1, words.join(' ') + '\\n')
const serve = async (options = {}) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  await once(server, 'listening')
  return Object.assign(server, { url: 'ws://127.0.0.1:' + server.address().port })
}
// Unlike once(), an error on the way does not reject.
const gone = (emitter) => new Promise((resolve) => emitter.on('close', resolve))
const dial = async (url, options) => {
  const socket = new WebSocket(url, [], options)
  await once(socket, 'open')
  return socket
}
`

/**
 * Ends the child when its parent is gone, a killed Jest too: their channel closes then. It keeps no event loop alive.
 */
const TIE = `process.on('disconnect', () => process.kill(process.pid, 'SIGKILL')); process.channel.unref();`

export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface ChildOptions {
  /** Flags for the executable. */
  flags?: string[]
  executable?: string
  env?: Record<string, string>
  /** Leaves out the shorthands. */
  bare?: boolean
}

/** A process, and what it has printed. */
export class Program {
  readonly process: ChildProcess
  stdout = ''
  stderr = ''
  readonly #exit: Promise<Outcome>
  #watchers = new Set<() => void>()

  /** `channel`: a program of Node's whose parent can be heard to go. */
  constructor(
    executable: string,
    words: readonly string[],
    env: Record<string, string> = {},
    channel = false,
  ) {
    this.process = spawn(executable, words, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe', ...(channel ? (['ipc'] as const) : [])],
    })
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      for (const watcher of this.#watchers) watcher()
    })
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.process.stdin!.on('error', () => {})
    this.#exit = new Promise((resolve) => {
      this.process.on('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
        for (const watcher of this.#watchers) watcher()
      })
    })
  }

  /** Resolves with the first match of `pattern` in what the child printed. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let stop = (): void => {}
    const seen = new Promise<RegExpExecArray>((resolve, reject) => {
      stop = () => {
        const match = pattern.exec(this.stdout)
        if (match) resolve(match)
        else if (this.process.exitCode !== null)
          reject(new Error(`the child ended first: ${this.stdout}\n${this.stderr}`))
      }
      this.#watchers.add(stop)
      stop()
    })
    try {
      return await within(seen, `${String(pattern)} from the child`)
    } finally {
      this.#watchers.delete(stop)
    }
  }

  /** A line for the child's standard input. */
  tell(line: string): void {
    this.process.stdin!.write(`${line}\n`)
  }

  /** Waits for the end; a child that hangs is killed and fails the test with what it printed. */
  async exit(ms = DEADLINE): Promise<Outcome> {
    try {
      return await within(this.#exit, 'exit of the child', ms)
    } catch (error) {
      this.process.kill('SIGKILL')
      throw new Error(`${(error as Error).message}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`, {
        cause: error,
      })
    }
  }

  kill(): void {
    if (this.process.exitCode === null) this.process.kill('SIGKILL')
  }
}

/** A script in a process of its own. */
export class Child extends Program {
  constructor(script: string, options: ChildOptions = {}) {
    const tied = options.executable === undefined
    const body = options.bare
      ? script
      : `${PRELUDE};(async () => {${script}\n})().catch((e) => { console.error(e); process.exit(99) })`
    const words = [...(options.flags ?? []), '-e', tied ? TIE + body : body]
    super(options.executable ?? process.execPath, words, { HAWSER_ENTRY: ENTRY, ...options.env }, tied)
  }
}

/** Runs a script to its end. */
export async function run(script: string, options?: ChildOptions): Promise<Outcome> {
  return await new Child(script, options).exit()
}
