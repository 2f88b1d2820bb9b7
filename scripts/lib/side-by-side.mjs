// Runs checks side by side: each of their commands waits for a free processor.
import path from 'node:path'
import { jobs, root } from './project.mjs'
import { runAsync, StepFailed } from './run.mjs'

/** Commands of checks at a time: as many as there are processors. The others wait, first come, first served. */
let free = jobs
const waiting = []

async function onProcessor(work) {
  if (free > 0) free--
  else await new Promise((resolve) => waiting.push(resolve))
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
}

/** A check at work: what it says is kept until it ends, so that it stands together. */
export class Check {
  /** When its first command had a processor. */
  start
  said = ''

  say(text) {
    if (text !== '') this.said += text.endsWith('\n') ? text : `${text}\n`
  }

  /**
   * Runs a command when there is a processor for it.
   * @param {string} command
   * @param {string[]} args
   * @returns {Promise<{ code: number | null, output: string }>}
   */
  async attempt(command, args) {
    return onProcessor(() => {
      this.start ??= performance.now()
      return runAsync(command, args)
    })
  }

  /** The same; its output is said, and a failure throws StepFailed. */
  async run(command, args) {
    const { code, output } = await this.attempt(command, args)
    this.say(output)
    if (code !== 0)
      throw new StepFailed(
        `${path.basename(command)} ended with ${code === null ? 'a signal' : `code ${String(code)}`}`,
      )
  }

  /** Runs a JavaScript tool of node_modules with this Node. */
  tool(script, args) {
    return this.run(process.execPath, [path.join(root, 'node_modules', script), ...args])
  }
}

/**
 * Runs checks, each to its end whatever becomes of the others, and a summary at the end.
 * @param {{ name: string, run: (check: Check) => unknown }[]} checks those that take longest first
 * @returns {Promise<boolean>} whether all passed
 */
export async function runSideBySide(checks) {
  const open = new Set(checks.map(({ name }) => name))
  const results = new Map()
  let failed = false
  const work = async ({ name, run }) => {
    const check = new Check()
    const begun = performance.now()
    let outcome = 'passed'
    try {
      await run(check)
    } catch (error) {
      check.say(error instanceof StepFailed ? error.message : String(error.stack))
      outcome = 'FAILED'
      failed = true
    }
    const seconds = ((performance.now() - (check.start ?? begun)) / 1000).toFixed(1)
    open.delete(name)
    results.set(name, `  ${outcome.padEnd(7)}  ${name} (${seconds} s)`)
    const rest = open.size > 0 ? `; still to end: ${[...open].join(', ')}` : ''
    console.log(`\n== ${name}\n${check.said}== ${name}: ${outcome} in ${seconds} s${rest}`)
  }
  console.log(`\n${[...open].join(', ')}: ${String(jobs)} at a time`)
  await Promise.all(checks.map(work))
  console.log(`\n${checks.map(({ name }) => results.get(name)).join('\n')}`)
  return !failed
}
