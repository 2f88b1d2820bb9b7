// The measured part of a receiving client: parses every message and counts, from the first message on.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { options, say } from '../servers/control.mjs'

const clockCheckEvery = 1024

function cpuSeconds() {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export const url = `ws://127.0.0.1:${options.port}/`

/**
 * Gives the function that takes each message's text. It ends the process with one result line when the measured
 * time is over; the clock is looked at while messages come, because a flood may starve a timer.
 */
export function receiver() {
  let messages = 0
  let wanted = 0
  let phaseEnds = 0
  let begun = 0
  let cpuBegun = 0

  function look() {
    const now = performance.now()
    if (phaseEnds === 0) {
      phaseEnds = now + options.warmup * 1000
    } else if (now >= phaseEnds && begun === 0) {
      begun = now
      cpuBegun = cpuSeconds()
      phaseEnds = now + options.seconds * 1000
      messages = wanted = 0
    } else if (now >= phaseEnds) {
      const seconds = (now - begun) / 1000
      say({
        messages,
        wanted,
        seconds,
        messagesPerSecond: messages / seconds,
        cpuSeconds: cpuSeconds() - cpuBegun,
      })
      process.exit(0)
    }
  }

  return (text) => {
    if (JSON.parse(text).type === 'trade') wanted++
    if (++messages % clockCheckEvery === 0) look()
  }
}
