// The command line of the demo: what it takes, what is wrong with it, its help.
import { parseArgs } from 'node:util'
import { UsageError } from '../../scripts/lib/project.mjs'

export { UsageError }

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
  port: 4780,
  open: false,
  checked: false,
}

export const help = `usage: npm run demo [-- <options>]

A small service on loopback. Its managed client takes a JSON feed of flights in at full speed and keeps of the late
ones the latest of each route; a hub publishes these. A page in the browser shows charts, rates, the lag of the event
loop, who is there, and a chat, and has buttons that make trouble: cut the connection, restart the server, block its
event loop. A watcher checks that nothing is lost meanwhile.

  --seconds N      end after N seconds (default: run until Ctrl-C; without a terminal until nobody has looked for 120 s)
  --port N         port of the page (default ${defaults.port}, or a free one where that is taken; 0: a free one)
  --open           open the page in the browser
  --topics N       only the N busiest airports (default: all)
  --rate N         records/s of the feed (default: as fast as it is read)
  --chaos          kill and restart the parts of it every few seconds

Without a page, checked by clients of other make (any of these options but --checked implies it):

  --checked        they subscribe to the airports and check each message; the terminal has the meter
  --subscribers N  how many, each a process of its own, 1 to 64 (default ${defaults.subscribers}); each airport goes to two
  --policy P       what happens when subscribers are slower than the feed:
                     throttle  nothing is taken from it until they caught up (default)
                     drop      the feed goes on; what is above a subscriber's bound is left out and counted
  --nodes N        N processes on one port, 1 to 8 (default 1), which --broker connects
  --broker redis   the broker between them; starts a redis-server of its own
  --slow N         N of the subscribers read slowly, to see the policy at work (default 0)
  --help           this text

On a terminal it draws one screen, four times a second; elsewhere it prints a line a second.
NO_COLOR turns colours off.`

const more = 'Next: npm run demo -- --help'

const limits = {
  seconds: [1, 86_400],
  subscribers: [1, 64],
  topics: [1, 1_000],
  rate: [1, 100_000_000],
  slow: [0, 64],
  nodes: [1, 8],
  port: [0, 65_535],
}
/** Options that make no sense with the page. */
const ofChecked = ['subscribers', 'slow', 'policy', 'nodes', 'broker']
const policies = ['throttle', 'drop']

/**
 * @param {string[]} argv without the program's name
 * @returns {typeof defaults & { help: boolean }}
 * @throws {UsageError}
 */
export function readArguments(argv) {
  const given = parse(argv)
  const options = {
    ...defaults,
    help: given.help === true,
    chaos: given.chaos === true,
    open: given.open === true,
  }
  options.checked = given.checked === true || ofChecked.some((name) => given[name] !== undefined)
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
  if (options.checked && (options.open || given.port !== undefined)) {
    throw new UsageError(`--open and --port are for the page, which a checked run has not got. ${more}`)
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
  const flag = { type: 'boolean' }
  const flags = { chaos: flag, open: flag, checked: flag, help: { ...flag, short: 'h' } }
  const names = [...Object.keys(limits), 'policy', 'broker']
  const options = Object.fromEntries(names.map((name) => [name, value]))
  try {
    return parseArgs({ args: argv, options: { ...options, ...flags } }).values
  } catch (error) {
    throw new UsageError(`${error.message.split('. ')[0]}. ${more}`)
  }
}
