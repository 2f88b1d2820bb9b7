// A small real service on loopback with a live meter: npm run demo -- --help
//
//   feeder (C++) ──ws──▶ hawser client ──▶ service ──▶ hawser server ──ws──▶ subscribers (ws, undici; a process each)
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { help, readArguments, UsageError } from './demo/arguments.mjs'
import { Display, terminalOf } from './demo/display.mjs'
import { ending } from './demo/ending.mjs'
import { startFeeder } from './demo/feeder.mjs'
import { Gauges } from './demo/gauges.mjs'
import { writeRecords } from './demo/records.mjs'
import { bound, Service } from './demo/service.mjs'
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

/** @param {ReturnType<typeof readArguments>} options @returns {Promise<number>} the exit code */
async function demonstrate(options) {
  const run = ending()
  const service = new Service(await loadHawser(), options.policy)
  const subscribers = new Subscribers()
  const url = await service.listen()
  const { feeder, records, topics } = await startFeed(options)
  subscribers.start(planSubscribers(options.subscribers, topics, options.slow), url)
  void subscribers.oneLost().then(() => run.end())

  const ready = await Promise.race([subscribers.all('reading').then(() => true), run.asked.then(() => false)])
  let lines = ['Ended before the feed began.', ...subscribers.list.map(({ why }) => why).filter(Boolean)]
  let failed = lines.length > 1
  if (ready) {
    const feed = { records, topics: topics.length, rate: options.rate }
    const outcome = await measure(run, service, subscribers, feeder, { options, feed, url })
    lines = summary(outcome, terminalOf(process.stdout))
    failed = troubles(outcome).length > 0
  }
  feeder.stop()
  await service.close()
  await Promise.all([subscribers.end(), feeder.ended])
  process.stdout.write(`${lines.join('\n')}\n`)
  return failed ? 1 : 0
}

/** The feeder reads its records once, at its start; the file is gone afterwards. */
async function startFeed({ topics: most, rate }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hawser-demo-'))
  try {
    const { file, records, topics } = writeRecords(folder, most)
    return { feeder: await startFeeder(file, rate), records, topics }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** From the first record to the last: shows the meter, and says what the run came to. */
async function measure(run, service, subscribers, feeder, { options, feed, url }) {
  const { seconds, policy } = options
  const gauges = new Gauges()
  let isEnding = false
  const display = new Display(process.stdout, () => {
    const { flow, ...sample } = gauges.sample(service, subscribers)
    return { ...sample, seconds, feed, url, ending: isEnding, flow: { ...flow, policy, bound } }
  })
  await service.take(feeder.url, (why) => run.end(`The feed ended: ${why}.`))
  gauges.start()
  display.start()
  const timer = seconds > 0 ? setTimeout(() => run.end(), seconds * 1000) : undefined
  const trouble = await run.asked
  clearTimeout(timer)

  const whole = gauges.whole()
  isEnding = true
  service.finish()
  subscribers.hurry()
  await Promise.race([subscribers.all('done', 'lost'), run.insisted, expired(patience)])
  gauges.stop()
  display.stop()
  return {
    run: whole,
    service: {
      records: service.records,
      bytes: service.bytes,
      unreadable: service.unreadable,
      dropped: service.dropped,
      held: service.held,
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
  return await demonstrate(options)
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUnbuilt = error.code === 'NATIVE_UNAVAILABLE'
  if (!(error instanceof UsageError) && !isUnbuilt) throw error
  process.stderr.write(`${error.message}\n${isUnbuilt ? 'In this checkout: npm run build\n' : ''}`)
  process.exit(1)
}
