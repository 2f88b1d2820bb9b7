// The command line of the demo: what it takes, what is wrong with it, its help.
import { parseArgs } from 'node:util'

/** What the demo does when nothing is said. */
export const defaults = {
  seconds: 0,
  subscribers: 4,
  topics: 0,
  rate: 0,
  slow: 0,
  policy: 'throttle',
  chaos: false,
  nodes: 1,
  broker: '',
}

export const help = `usage: npm run demo [-- <options>]

A small service on loopback. Its managed client takes a JSON feed of flights in at full speed, keeps of
the late ones the latest of each route, and publishes these by airport through a hub to clients of other make,
which check what they get. Beside it a side channel counts what is lost in ack mode: nothing.

  --seconds N      end after N seconds (default: run until Ctrl-C)
  --subscribers N  clients, each a process of its own, 1 to 64 (default ${defaults.subscribers}); each airport goes to two
  --topics N       only the N busiest airports (default: all)
  --rate N         records/s of the feed (default: as fast as it is read)
  --policy P       what happens when subscribers are slower than the feed:
                     throttle  nothing is taken from it until they caught up (default)
                     drop      the feed goes on; what is above a subscriber's bound is left out and counted
  --chaos          kill and restart the feeder every few seconds, and cut the side channel
  --nodes N        N processes on one port, 1 to 8 (default 1), which --broker connects
  --broker redis   the broker between them; starts a redis-server of its own
  --slow N         N of the subscribers read slowly, to see the policy at work (default 0)
  --help           this text

On a terminal it draws one screen, four times a second; elsewhere it prints a line a second.
NO_COLOR turns colours off.`

const more = 'Next: npm run demo -- --help'

/** Something that the person at the keyboard can put right; its message says how. */
export class UsageError extends Error {}

const limits = {
  seconds: [1, 86_400],
  subscribers: [1, 64],
  topics: [1, 1_000],
  rate: [1, 100_000_000],
  slow: [0, 64],
  nodes: [1, 8],
}
const policies = ['throttle', 'drop']

/**
 * @param {string[]} argv without the program's name
 * @returns {typeof defaults & { help: boolean }}
 * @throws {UsageError}
 */
export function readArguments(argv) {
  const given = parse(argv)
  const options = { ...defaults, help: given.help === true, chaos: given.chaos === true }
  for (const [name, [least, most]] of Object.entries(limits)) {
    if (given[name] === undefined) continue
    const value = Number(given[name])
    // A duration may have a fraction, nothing else may.
    const fits = name === 'seconds' ? value > 0 : Number.isInteger(value) && value >= least
    if (given[name].trim() === '' || !fits || value > most) {
      const kind = name === 'seconds' ? 'a number' : 'a whole number'
      throw new UsageError(`--${name} takes ${kind} from ${least} to ${most}, not '${given[name]}'. ${more}`)
    }
    options[name] = value
  }
  if (given.policy !== undefined) {
    if (!policies.includes(given.policy)) {
      throw new UsageError(`--policy takes ${policies.join(' or ')}, not '${given.policy}'. ${more}`)
    }
    options.policy = given.policy
  }
  if (given.broker !== undefined) {
    if (given.broker !== 'redis') throw new UsageError(`--broker takes redis, not '${given.broker}'. ${more}`)
    options.broker = given.broker
  }
  if (options.nodes > 1 && options.broker === '') {
    throw new UsageError(
      `--nodes ${options.nodes} needs a broker that connects them: --broker redis. ${more}`,
    )
  }
  if (options.nodes > 1 && options.policy === 'drop') {
    throw new UsageError(`--policy drop is for one node. ${more}`)
  }
  if (options.slow > options.subscribers) {
    throw new UsageError(
      `--slow ${options.slow} is more than there are subscribers (${options.subscribers}). ${more}`,
    )
  }
  return options
}

function parse(argv) {
  const value = { type: 'string' }
  const flags = { chaos: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
  const names = [...Object.keys(limits), 'policy', 'broker']
  const options = Object.fromEntries(names.map((name) => [name, value]))
  try {
    return parseArgs({ args: argv, options: { ...options, ...flags } }).values
  } catch (error) {
    throw new UsageError(`${error.message.split('. ')[0]}. ${more}`)
  }
}
