// The endpoints of a client: what is known of each, which to dial next, and in which order one round of dials tries
// them. The rules of src/core/client/endpoint_set.hpp and dial_round.hpp. Pure; whoever dials reports each dial and its
// end. Times in milliseconds.
//
//   in rotation ── three failures in a row ──► out until a cool-down is over ──► one probe
//        ▲                                       ▲     (grows, is bounded)          │
//        └───────────── opened ──────────────────┴─────────────── failed ───────────┘
import type { EndpointFigures } from '../engine'
import { never } from './never'
import type { Outcome, Verdict } from './reconnect-policy'
import { type Dialing, count, deadAfter, smooth } from './sole-endpoint'

/** In the order of the names of `EndpointStrategy`. */
export const Strategy = { failover: 0, race: 1, roundRobin: 2, leastBusy: 3, latency: 4 } as const

const stagger = 250
const patience = 3_000
const coolDown = 10_000
const longestCoolDown = 300_000

interface Endpoint extends EndpointFigures {
  failuresInRow: number
  failuresBefore: number
  failedAt: number
  /** 0: in rotation. */
  outUntil: number
  deaths: number
  dead: boolean
  probing: boolean
  dials: number
}

export class Endpoints {
  private readonly all: Endpoint[]
  private turn = 0

  constructor(
    count: number,
    private readonly strategy: number,
    private readonly minUptime: number,
    /** What an earlier client has learned. */
    known: readonly EndpointFigures[] = [],
  ) {
    this.all = Array.from({ length: count }, (_, i) => ({
      opened: known.at(i)?.opened ?? 0,
      failed: known.at(i)?.failed ?? 0,
      successRate: known.at(i)?.successRate ?? 1,
      latency: known.at(i)?.latency ?? 0,
      failuresInRow: 0,
      failuresBefore: 0,
      failedAt: -never,
      outUntil: 0,
      deaths: 0,
      dead: false,
      probing: false,
      dials: 0,
    }))
  }

  private ready(one: Endpoint, now: number): boolean {
    return one.outUntil === 0 || (one.outUntil <= now && one.dials === 0)
  }
  /** Whether an endpoint other than this may be dialled now. */
  otherReady(index: number, now: number): boolean {
    return this.all.some((one, i) => i !== index && this.ready(one, now))
  }

  /** Those that may be dialled now, best first; if all are out, the one that is due first. */
  choose(now: number): { order: number[]; step: number } {
    const { all, strategy } = this
    const first = strategy === Strategy.roundRobin || strategy === Strategy.leastBusy ? this.turn : 0
    let order = all.map((_, i) => (i + first) % all.length).filter((i) => this.ready(all[i], now))
    if (order.length === 0) {
      order = [all.reduce((best, one, i) => (one.outUntil < all[best].outUntil ? i : best), 0)]
    } else {
      if (strategy === Strategy.latency) order.sort((a, b) => all[a].latency - all[b].latency)
      const suspect = (i: number): number =>
        all[i].failuresInRow > 0 && now - all[i].failedAt < coolDown ? 1 : 0
      order.sort((a, b) => suspect(a) - suspect(b))
      this.turn = (order[0] + 1) % all.length
    }
    return { order, step: strategy === Strategy.race ? stagger : patience }
  }

  onDial(index: number): void {
    const one = this.all[index]
    one.dials++
    if (one.outUntil !== 0) one.probing = true
  }
  onOpened(index: number, latency: number): void {
    const one = this.all[index]
    one.dials--
    one.probing = one.dead = false
    one.outUntil = 0
    one.failuresBefore = Math.max(one.failuresBefore, one.failuresInRow)
    one.failuresInRow = 0
    count(one, true)
    smooth(one, latency)
  }
  onFailed(index: number, now: number): void {
    const one = this.all[index]
    one.dials--
    one.failuresInRow++
    fail(one, now)
  }
  /** We dropped the dial. */
  onAbandoned(index: number): void {
    const one = this.all[index]
    one.dials--
    one.probing = false
  }
  /** A link has ended; `lost`: not by our own wish. */
  onClosed(index: number, now: number, uptime: number, lost: boolean): void {
    const one = this.all[index]
    if (uptime >= this.minUptime) one.failuresBefore = one.deaths = 0
    else if (lost) {
      // It opens and breaks at once: the opening did not prove that it is well.
      one.failuresInRow = Math.max(one.failuresInRow, one.failuresBefore) + 1
      fail(one, now)
    }
  }
  onLatency(index: number, latency: number): void {
    smooth(this.all[index], latency)
  }

  figures(): EndpointFigures[] {
    return this.all.map(({ opened, failed, successRate, latency }) => ({
      opened,
      failed,
      successRate,
      latency,
    }))
  }
  figuresOf(index: number): EndpointFigures {
    return this.all[index]
  }
  /** The share of all dials that opened and held. */
  get successRate(): number {
    let good = 0
    let tried = 0
    for (const { opened, failed } of this.all) {
      good += opened
      tried += opened + failed
    }
    return tried === 0 ? 1 : good / tried
  }
}

function fail(one: Endpoint, now: number): void {
  count(one, false)
  one.failedAt = now
  // While it is out, only the failure of a probe puts it off again.
  const dies = one.dead ? one.probing : one.failuresInRow >= deadAfter
  one.probing = false
  if (!dies) return
  one.dead = true
  one.latency = 0
  one.outUntil = now + Math.min(longestCoolDown, coolDown * 2 ** one.deaths)
  if (one.outUntil - now < longestCoolDown) one.deaths++
}

/** One round of dials: the first to open wins; a dial that is silent gets company by the next endpoint. */
export class DialRound {
  /** The outcome that gives the most hope: one that a new token may help, else one that recovers. */
  result: Outcome | undefined
  private order: number[] = []
  private step = 0
  private nextAt = never
  private newest = -1
  private running = 0

  begin({ order, step }: { order: number[]; step: number }, now: number): void {
    this.order = [...order]
    this.step = step
    this.nextAt = now
    this.newest = -1
    this.running = 0
    this.result = undefined
  }

  /** An endpoint to dial now; to be asked until there is none. */
  next(now: number): number | undefined {
    if (now < this.deadline) return undefined
    const index = this.order.shift()
    if (index === undefined) return undefined
    this.newest = index
    this.running++
    this.nextAt = now + this.step
    return index
  }
  onFailed(index: number, how: Outcome, verdictOn: (how: Outcome) => Verdict): void {
    this.running--
    // An older dial ends while the newest one still has its time.
    if (index === this.newest) this.nextAt = 0
    const hope = (one: Outcome): number => ['final', 'recover', 'refresh'].indexOf(verdictOn(one))
    if (this.result === undefined || hope(how) > hope(this.result)) this.result = how
  }
  /** It has a winner, or is given up. */
  end(): void {
    this.order = []
    this.running = -1
  }
  /** All dials failed and nothing is left to try. */
  get failed(): boolean {
    return this.running === 0 && this.order.length === 0
  }
  get deadline(): number {
    return this.order.length > 0 ? this.nextAt : never
  }
}

/** The endpoints of a client, and its round of dials. */
export class EndpointRounds extends Endpoints implements Dialing {
  private readonly round = new DialRound()
  private first = 0

  begin(now: number): void {
    const plan = this.choose(now)
    this.first = plan.order[0]
    this.round.begin(plan, now)
  }
  next(now: number): number | undefined {
    const index = this.round.next(now)
    if (index !== undefined) this.onDial(index)
    return index
  }
  override onFailed(index: number, now: number, how?: Outcome, verdictOn?: (how: Outcome) => Verdict): void {
    super.onFailed(index, now)
    if (how !== undefined && verdictOn !== undefined) {
      this.round.onFailed(index, { ...how, alternative: this.otherReady(index, now) }, verdictOn)
    }
  }
  end(): void {
    this.round.end()
  }
  get deadline(): number {
    return this.round.deadline
  }
  get outcome(): Outcome | undefined {
    return this.round.failed ? this.round.result : undefined
  }
  get experience(): EndpointFigures {
    return this.figuresOf(this.first)
  }
}
