// Child processes of the harness: lines in and out, a time limit on every wait, and nobody left behind.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const running = new Set()

/** Ends every child that still runs, each by its own id. */
export function endAll() {
  for (const child of running) child.kill('SIGKILL')
}

process.on('exit', endAll)
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => process.exit(code))
}

export class Child {
  #lines = []
  #waiting = []
  #process
  #errors = ''
  #label

  /** Starts `command` (a list); what it prints on standard error is kept for the message when it fails. */
  constructor(label, command, { cwd, env } = {}) {
    this.#label = label
    this.#process = spawn(command[0], command.slice(1), { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    running.add(this.#process)
    this.exited = new Promise((resolve) => {
      this.#process.on('error', (error) => {
        this.#errors += error.message
        running.delete(this.#process)
        resolve(-1)
      })
      this.#process.on('close', (code, signal) => {
        running.delete(this.#process)
        resolve(code ?? signal)
      })
    })
    this.exited.then(() => this.#settle())
    this.#process.stdin.on('error', () => {})
    this.#process.stderr
      .setEncoding('utf8')
      .on('data', (text) => (this.#errors = (this.#errors + text).slice(-4000)))
    let partial = ''
    this.#process.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (partial + text).split('\n')
      partial = lines.pop()
      this.#lines.push(...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)))
      this.#settle()
    })
  }

  get pid() {
    return this.#process.pid
  }

  get errors() {
    return this.#errors.trim()
  }

  #settle() {
    this.#waiting = this.#waiting.filter((check) => !check())
  }

  /** The first line (a JSON object) with the property `name`; throws when the child ends or takes too long. */
  line(name, seconds = 20) {
    return new Promise((resolve, reject) => {
      let ended = false
      const check = () => {
        const at = this.#lines.findIndex((each) => name in each)
        if (at >= 0) {
          clearTimeout(timer)
          resolve(this.#lines.splice(at, 1)[0])
          return true
        }
        if (!ended) return false
        clearTimeout(timer)
        reject(new Error(`${this.#label} ended before it said "${name}"${this.#because()}`))
        return true
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((each) => each !== check)
        reject(new Error(`${this.#label} did not say "${name}" within ${seconds} s${this.#because()}`))
      }, seconds * 1000)
      this.exited.then(() => {
        ended = true
        if (check()) this.#waiting = this.#waiting.filter((each) => each !== check)
      })
      if (!check()) this.#waiting.push(check)
    })
  }

  #because() {
    return this.errors ? `: ${this.errors}` : ''
  }

  say(line) {
    this.#process.stdin.write(line + '\n')
  }

  signal(name) {
    if (running.has(this.#process)) this.#process.kill(name)
  }

  /** Closes standard input, at which the child ends by itself; helps after `seconds`. */
  async end(seconds = 3) {
    this.#process.stdin.end()
    const help = setTimeout(() => this.signal('SIGKILL'), seconds * 1000)
    const code = await this.exited
    clearTimeout(help)
    return code
  }
}

/** User and system seconds that a process has used so far, all its threads; undefined when it is gone. */
export function cpuSeconds(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return undefined
  }
}

/** Runs a command to its end, its output on our standard error; throws when it fails. */
export async function runCommand(label, command, options = {}) {
  const child = spawn(command[0], command.slice(1), { ...options, stdio: ['ignore', 2, 2] })
  running.add(child)
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => running.delete(child))
  if (code !== 0) throw new Error(`${label} failed with exit code ${code}`)
}

/** Runs a command to its end and gives what it printed; throws when it fails. */
export async function readCommand(label, command) {
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const printed = { output: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (printed.output += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (printed.errors += text))
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => running.delete(child))
  if (code !== 0) throw new Error(`${label} failed with exit code ${code}: ${printed.errors.slice(-2000)}`)
  return printed
}
