// Counts the system calls of a running process with perf, else with strace. Both may be absent or forbidden.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Child } from './processes.mjs'

const attachMilliseconds = 300

const tools = [
  {
    command: (pid, file) => [
      'perf',
      'stat',
      '-x',
      ',',
      '-o',
      file,
      '-e',
      'raw_syscalls:sys_enter',
      '-p',
      String(pid),
    ],
    count: (text) => Number(/^(\d+),.*raw_syscalls:sys_enter/m.exec(text)?.[1]),
  },
  {
    // The line of totals: "100.00  seconds  usecs/call  calls  errors  total".
    command: (pid, file) => ['strace', '-c', '-f', '-q', '-o', file, '-p', String(pid)],
    count: (text) => Number(/^100\.00\s+[\d.]+\s+(?:\d+\s+)?(\d+)\s.*total$/m.exec(text)?.[1]),
  },
]

let chosen

/** Which tool can count here: the first that sees the calls of a child of our own. */
async function chooseTool() {
  for (const tool of tools) {
    const busy = new Child('a process with system calls', [
      process.execPath,
      '-e',
      'setInterval(() => {}, 5); console.log("{\\"up\\":1}")',
    ])
    try {
      await busy.line('up')
      if ((await countWith(tool, busy.pid, () => pause(200))).calls > 0) return tool
    } finally {
      busy.signal('SIGKILL')
    }
  }
  return undefined
}

async function countWith(tool, pid, body) {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-bench-'))
  const file = join(directory, 'calls')
  const [program, ...rest] = tool.command(pid, file)
  const counter = new Child(program, [program, ...rest])
  try {
    await pause(attachMilliseconds)
    const begun = performance.now()
    const result = await body()
    const seconds = (performance.now() - begun) / 1000
    counter.signal('SIGINT')
    await counter.exited
    return { calls: tool.count(readFileSync(file, 'utf8')), seconds, result }
  } catch (error) {
    if (error.code === 'ENOENT') return { calls: undefined }
    throw error
  } finally {
    counter.signal('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

/** True when this machine has a tool that counts. */
export async function canCount() {
  chosen ??= chooseTool()
  return (await chosen) !== undefined
}

/** Runs `body` while the calls of `pid` are counted: { calls, seconds, result }. Ask `canCount` first. */
export async function countSystemCalls(pid, body) {
  return countWith(await chosen, pid, body)
}
