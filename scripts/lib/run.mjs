// Runs commands and reports steps, for the scripts of this folder.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { buildDir, root, UsageError } from './project.mjs'

/** A step failed; its own output has said why. */
export class StepFailed extends Error {}

/**
 * Environment for compilers: ccache keeps precompiled-header builds cacheable when it is told to trust them.
 * @returns {NodeJS.ProcessEnv}
 */
export function compilerEnvironment() {
  return {
    ...process.env,
    CCACHE_SLOPPINESS: 'pch_defines,time_macros,include_file_mtime,include_file_ctime',
    CCACHE_BASEDIR: root,
  }
}

/** Absolute path of a command on PATH, or undefined. */
export function which(command) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, command)
    try {
      fs.accessSync(file, fs.constants.X_OK)
      if (fs.statSync(file).isFile()) return file
    } catch {
      continue
    }
  }
  return undefined
}

/**
 * Runs a command to its end with its output shown; a failure throws StepFailed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? process.env,
    stdio: 'inherit',
  })
  if (result.error) throw new StepFailed(`${command}: ${result.error.message}`)
  if (result.signal) throw new StepFailed(`${command} ended by ${result.signal}`)
  if (result.status !== 0) throw new StepFailed(`${command} ended with code ${String(result.status)}`)
}

/** Runs a command quietly: its output is returned, and shown only when it fails. */
export function runQuietly(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? process.env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (result.error) throw new StepFailed(`${command}: ${result.error.message}`)
  if (result.status !== 0) {
    process.stdout.write(result.stdout)
    process.stderr.write(result.stderr)
    throw new StepFailed(`${command} ended with ${result.signal ?? `code ${String(result.status)}`}`)
  }
  return result.stdout
}

/** Runs a JavaScript tool of node_modules with this Node. */
export function runTool(script, args, options) {
  run(process.execPath, [path.join(root, 'node_modules', script), ...args], options)
}

/**
 * Runs a command without waiting in line, for those that run side by side.
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function runAsync(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd ?? root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (output += chunk))
    child.on('error', (error) => reject(new StepFailed(`${command}: ${error.message}`)))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** Runs `work` over items, `limit` at a time. */
export async function pool(items, limit, work) {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
}

/**
 * Runs named steps one after the other, each under a heading and with its time, and a summary at the end.
 * After a failure only the steps marked `cheap` still run.
 * @param {{ name: string, cheap?: boolean, run: () => unknown }[]} steps
 * @returns {Promise<boolean>} whether all passed
 */
export async function runSteps(steps) {
  const results = []
  let failed = false
  for (const step of steps) {
    if (failed && !step.cheap) {
      results.push(`  not run  ${step.name}`)
      continue
    }
    console.log(`\n== ${step.name}`)
    const start = performance.now()
    let outcome = 'passed'
    try {
      await step.run()
    } catch (error) {
      if (!(error instanceof StepFailed)) console.error(error)
      else console.error(error.message)
      outcome = 'FAILED'
      failed = true
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`== ${step.name}: ${outcome} in ${seconds} s`)
    results.push(`  ${outcome.padEnd(7)}  ${step.name} (${seconds} s)`)
  }
  console.log(`\n${results.join('\n')}`)
  return !failed
}

/**
 * Holds build/.lock while `work` runs, so that two builds in one checkout take turns.
 * @template T
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withBuildLock(work) {
  const file = path.join(buildDir, '.lock')
  if (process.env.HAWSER_BUILD_LOCKED === '1') return work()
  fs.mkdirSync(buildDir, { recursive: true })
  let told = false
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = readHolder(file)
    if (holder !== undefined && !isAlive(holder)) {
      fs.rmSync(file, { force: true })
      continue
    }
    if (!told)
      console.log(`waiting for another build in this checkout${holder ? ` (process ${holder})` : ''}`)
    told = true
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const release = () => fs.rmSync(file, { force: true })
  process.once('exit', release)
  process.env.HAWSER_BUILD_LOCKED = '1'
  try {
    return await work()
  } finally {
    delete process.env.HAWSER_BUILD_LOCKED
    process.off('exit', release)
    release()
  }
}

function readHolder(file) {
  try {
    return Number(fs.readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/**
 * Runs a script's main function: usage errors and failed steps end it with a message instead of a stack.
 * @param {(argv: string[]) => unknown} main
 * @param {string} usage printed for --help and after a usage error
 */
export async function runMain(main, usage) {
  const argv = process.argv.slice(2)
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(usage)
    return
  }
  try {
    const passed = await main(argv)
    if (passed === false) process.exitCode = 1
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage}`)
      process.exitCode = 2
    } else if (error instanceof StepFailed) {
      console.error(error.message)
      process.exitCode = 1
    } else {
      throw error
    }
  }
}
