// A small real service on loopback: npm run demo -- --help
// With a dashboard in the browser (live/live.mjs); or, when checked by subscribers, with a meter on the terminal alone:
//
//   feeder (C++) ──ws──▶ managed client: filter, conflate, batch ──▶ service ──▶ hub ──ws──▶ subscribers
//                                                                                 │        (ws, undici; a process each)
//                                                                       Redis ◀───┴───▶ hubs of further nodes ──ws──▶ others
//   ledger: managed client in ack mode ──ws──▶ hawser server of its own
import { help, readArguments, UsageError } from './demo/arguments.mjs'
import { startRedis } from './demo/broker.mjs'
import { Chaos } from './demo/chaos.mjs'
import { Display, terminalOf } from './demo/display.mjs'
import { ending } from './demo/ending.mjs'
import { Gauges } from './demo/gauges.mjs'
import { Ledger } from './demo/ledger.mjs'
import { bound } from './demo/hub.mjs'
import { demonstrateLive } from './demo/live/live.mjs'
import { Service } from './demo/service.mjs'
import { startFeed } from './demo/start-feed.mjs'
import { planSubscribers, Subscribers } from './demo/subscribers.mjs'
import { summary, troubles } from './demo/summary.mjs'

/** Milliseconds that subscribers have for what is under way when the feed ends. */
const patience = 20_000

async function loadHawser() {
  try {
    return await import('hawser')
  } catch (error) {
    throw new UsageError(`hawser cannot be loaded (${error.message.split('\n')[0]}). Next: npm run build`)
  }
}

/**
 * @param {typeof import('hawser')} hawser
 * @param {ReturnType<typeof readArguments>} options
 * @param {ReturnType<typeof ending>} run
 * @returns {Promise<number>} the exit code
 */
async function demonstrate(hawser, options, run) {
  const service = new Service(hawser, options.policy)
  const ledger = new Ledger(hawser)
  const subscribers = new Subscribers()
  const broker = options.broker === 'redis' ? await startRedis() : undefined
  const url = await service.listen(options.nodes, broker?.url, (why) => run.end(why))
  await ledger.start()
  const { feeder, records, topics, forget } = await startFeed(options)
  void feeder.ended.then((why) => run.end(`The feeder ended: ${why}.`))
  subscribers.start(planSubscribers(options.subscribers, topics, options.slow), url)
  void subscribers.oneLost().then(() => run.end())

  const ready = await Promise.race([subscribers.all('reading').then(() => true), run.asked.then(() => false)])
  let lines = ['Ended before the feed began.', ...subscribers.list.map(({ why }) => why).filter(Boolean)]
  let failed = lines.length > 1
  if (ready) {
    const feed = { records, topics: topics.length, rate: options.rate }
    const parts = { run, service, ledger, subscribers, feeder }
    const outcome = await measure(parts, { options, feed, topics, url })
    lines = summary(outcome, terminalOf(process.stdout))
    failed = troubles(outcome).length > 0
  }
  feeder.stop()
  await Promise.all([service.close(), ledger.close()])
  await Promise.all([subscribers.end(), feeder.ended])
  await broker?.stop()
  forget()
  process.stdout.write(`${lines.join('\n')}\n`)
  return failed ? 1 : 0
}

/** From the first record to the last: shows the meter, and says what the run came to. */
async function measure({ run, service, ledger, subscribers, feeder }, { options, feed, topics, url }) {
  const { seconds, policy } = options
  const gauges = new Gauges()
  let isEnding = false
  const display = new Display(process.stdout, () => {
    const { flow, ...sample } = gauges.sample(service, subscribers, ledger, feeder.restarts)
    return { ...sample, seconds, feed, url, ending: isEnding, flow: { ...flow, policy, bound } }
  })
  const taken = service.take(feeder.url, topics, (why) => run.end(`The feed ended: ${why}.`))
  await Promise.race([taken, run.asked])
  const strike = () => {
    ledger.cut()
    return feeder.restart()
  }
  const chaos = new Chaos([strike], (why) => run.end(why))
  if (options.chaos) chaos.start()
  gauges.start()
  display.start()
  const timer = seconds > 0 ? setTimeout(() => run.end(), seconds * 1000) : undefined
  const trouble = await run.asked
  clearTimeout(timer)

  const whole = gauges.whole()
  isEnding = true
  await chaos.stop()
  await Promise.race([service.back(feeder.restarts), run.insisted, expired(patience)])
  const { messagesIn, bytesIn, reconnects } = service.intake
  service.finish()
  subscribers.hurry()
  const settled = Promise.all([subscribers.all('done', 'lost'), ledger.finish()])
  await Promise.race([settled, run.insisted, expired(patience)])
  gauges.stop()
  display.stop()
  return {
    run: whole,
    service: {
      intake: messagesIn,
      intakeBytes: bytesIn,
      records: service.records,
      bytes: service.bytes,
      unreadable: service.unreadable,
      dropped: service.dropped,
      held: service.held,
      reconnects,
    },
    restarts: feeder.restarts,
    ledger: {
      sent: ledger.sent,
      acked: ledger.acked,
      lost: ledger.lost,
      repeated: ledger.repeated,
      reconnects: ledger.reconnects,
    },
    totals: subscribers.totals,
    subscribers: subscribers.list.map(({ name, state, why }) => ({ name, state, why })),
    policy,
    trouble,
  }
}

function expired(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}

async function main() {
  const options = readArguments(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(`${help}\n`)
    return 0
  }
  const run = ending()
  const hawser = await loadHawser()
  return await (options.checked ? demonstrate : demonstrateLive)(hawser, options, run)
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUnbuilt = error.code === 'NATIVE_UNAVAILABLE'
  if (!(error instanceof UsageError) && !isUnbuilt) throw error
  process.stderr.write(`${error.message}\n${isUnbuilt ? 'In this checkout: npm run build\n' : ''}`)
  process.exit(1)
}
