// The command line of the benchmark.
import { parseArgs } from 'node:util'
import { cases } from './cases.mjs'
import { names } from './peers.mjs'

export const help = `npm run bench -- [options]

  --only <a,b>      cases or groups, see --list; micro: pieces of the core by themselves
  --peers <a,b>     of ${names.join(', ')} (default: all that run here)
  --quick           3 rounds of 1.5 s instead of 5 of 3 s
  --rounds <n>      rounds; the peers take turns in each
  --seconds <n>     measured time of a rate
  --warmup <n>      seconds before it
  --syscalls        count system calls a message too, in a pass of their own (perf or strace)
  --no-install      neither build the generator nor install peers
  --list            the cases and their targets
  --help            this text

The process's exit code says whether the runs were valid, never how fast they were.`

function list(text, allowed, what) {
  if (text === undefined) return undefined
  const given = text.split(',').filter(Boolean)
  const unknown = given.filter((each) => !allowed.includes(each))
  if (unknown.length > 0)
    throw new Error(`unknown ${what}: ${unknown.join(', ')}; known are ${[...new Set(allowed)].join(', ')}`)
  return given
}

function number(text, fallback, name) {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} has to be a number above 0`)
  return value
}

export function readOptions(argv) {
  const flag = { type: 'boolean', default: false }
  const text = { type: 'string' }
  const { values } = parseArgs({
    args: argv,
    options: {
      only: text,
      peers: text,
      rounds: text,
      seconds: text,
      warmup: text,
      quick: flag,
      syscalls: flag,
      'no-install': flag,
      list: flag,
      help: flag,
    },
  })
  const only = list(
    values.only,
    [...cases.flatMap((each) => [each.id, each.group]), 'micro'],
    'case or group',
  )
  const peers = list(values.peers, names, 'peer') ?? names
  return {
    ...values,
    cases: cases.filter((each) => !only || only.includes(each.id) || only.includes(each.group)),
    micro: only ? only.includes('micro') : peers.includes('hawser'),
    peers,
    rounds: Math.ceil(number(values.rounds, values.quick ? 3 : 5, 'rounds')),
    seconds: number(values.seconds, values.quick ? 1.5 : 3, 'seconds'),
    warmup: number(values.warmup, values.quick ? 0.5 : 1, 'warmup'),
  }
}
