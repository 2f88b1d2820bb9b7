// The measured window of a client: a warm-up, then a time over which a count grows. One result line ends the process.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { options, say } from '../servers/control.mjs'

export const url = `ws://127.0.0.1:${options.port}/`

export function cpuSeconds() {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Ends the process because the run is wrong; the harness reports it as failed. */
export function wrong(why) {
  console.error(`the run is not valid: ${why}`)
  process.exit(1)
}

// Bun has the function, but nothing in it.
const utilization = () => performance.eventLoopUtilization?.()

/**
 * `look` is to be called while work is done, also under a flood that starves timers; `count` gives how much was done.
 * `finish(result)` may check and add to the result before it is printed.
 */
export function window(count, finish = () => {}) {
  let ends = 0
  let begun
  const look = () => {
    const now = performance.now()
    if (ends === 0) {
      ends = now + options.warmup * 1000
    } else if (now >= ends && begun === undefined) {
      begun = { now, count: count(), cpu: cpuSeconds(), loop: utilization() }
      ends = now + options.seconds * 1000
    } else if (now >= ends) {
      const seconds = (now - begun.now) / 1000
      const messages = count() - begun.count
      const busy = begun.loop && performance.eventLoopUtilization(begun.loop).utilization
      const result = {
        messages,
        seconds,
        messagesPerSecond: messages / seconds,
        cpuSeconds: cpuSeconds() - begun.cpu,
        loop: globalThis.Bun ? undefined : busy,
      }
      if (!(messages > 0)) wrong('nothing came')
      finish(result)
      say(result)
      process.exit(0)
    }
  }
  return look
}
