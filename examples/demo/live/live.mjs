// The demo with the dashboard: a feeder, a service that may be killed at any time, and a watcher that checks it.
//
//   feeder (C++) ──ws──▶ managed client: filter, conflate, batch ─▶ hub ──ws──▶ pages (hawser in the browser, React)
//                        └──────────── the service, a process ───────┘   └─ws─▶ watcher (this process)
//                                          │ log of the rooms
//                                     supervisor (this process)
import { openBrowser } from '../../open-browser.mjs'
import { buildDashboard } from '../../web/build.mjs'
import { Chaos } from '../chaos.mjs'
import { Display, terminalOf } from '../display.mjs'
import { startFeed } from '../start-feed.mjs'
import { LiveGauges } from './gauges.mjs'
import { liveLine, liveScreen } from './screen.mjs'
import { liveSummary, liveTroubles } from './summary.mjs'
import { Supervisor } from './supervisor.mjs'
import { Watcher } from './watcher.mjs'

/** Milliseconds that the end waits for what is under way. */
const patience = 20_000
/** Seconds without a visitor after which a run without a terminal ends. */
const alone = 120

/**
 * @param {typeof import('hawser')} hawser
 * @param {ReturnType<typeof import('../arguments.mjs').readArguments>} options
 * @param {ReturnType<typeof import('../ending.mjs').ending>} run
 * @returns {Promise<number>} the exit code
 */
export async function demonstrateLive(hawser, options, run) {
  const folder = await buildDashboard((line) => process.stdout.write(`${line}\n`))
  // The feed takes what the others leave of the processor: the page shall be at hand.
  const { feeder, topics, forget } = await startFeed(options, { nice: 10 })
  void feeder.ended.then((why) => run.end(`The feeder ended: ${why}.`))
  const supervisor = new Supervisor({ feed: { url: feeder.url, topics }, folder }, (why) => run.end(why))
  const port = await supervisor.start(options.port)
  const url = `http://127.0.0.1:${port}/`
  const watcher = new Watcher(hawser)
  await Promise.race([watcher.start(port), run.asked])

  const gauges = new LiveGauges()
  const bounded = options.seconds === 0 && process.stdout.isTTY !== true
  let ending = false
  let visited = 0
  const display = new Display(
    process.stdout,
    () => {
      const state = gauges.sample(supervisor, watcher)
      if (state.service.people > 0) visited = state.elapsed
      const left = bounded ? alone - (state.elapsed - visited) : undefined
      if (left !== undefined && left <= 0) run.end()
      const { seconds } = options
      return { ...state, seconds, url, ending, ...(left !== undefined && left < alone / 2 ? { left } : {}) }
    },
    { screen: liveScreen, line: liveLine },
  )
  const strikes = [() => supervisor.restart(''), () => feeder.restart()]
  const chaos = new Chaos(strikes, (why) => run.end(why))
  if (options.chaos) chaos.start()
  if (!terminalOf(process.stdout).screenful) process.stdout.write(`dashboard: ${url}\n`)
  display.start()
  if (options.open) openBrowser(url)
  const timer = options.seconds > 0 ? setTimeout(() => run.end(), options.seconds * 1000) : undefined
  const trouble = await run.asked
  clearTimeout(timer)

  const { elapsed } = gauges
  ending = true
  await chaos.stop()
  await Promise.race([watcher.finish(), run.insisted, expired(patience)])
  gauges.sample(supervisor, watcher)
  display.stop()
  const { book, restarts, crashes, sample } = supervisor
  const { sent, acked, reconnects, broken, continuity } = watcher
  const outcome = {
    elapsed,
    totals: gauges.totals,
    service: { busy: sample?.busy ?? 0, cpu: sample?.cpu ?? 0, worst: gauges.worst, peak: gauges.peak },
    restarts,
    crashes,
    watcher: { taken: continuity.taken, missed: continuity.missed, broken, reconnects },
    ledger: { sent, acked, booked: book.entered, repeated: book.repeated },
    trouble,
  }
  await watcher.close()
  await supervisor.close()
  feeder.stop()
  await feeder.ended
  forget()
  process.stdout.write(`${liveSummary(outcome, terminalOf(process.stdout)).join('\n')}\n`)
  return liveTroubles(outcome).length > 0 ? 1 : 0
}

function expired(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
