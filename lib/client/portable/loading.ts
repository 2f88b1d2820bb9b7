// Parts of the engine on their way, and what waits for them: calls of the program, in their order. Nothing waits where all
// parts are at hand.
import { type PartName, load, parts } from './parts'

/** Milliseconds until a part that cannot be loaded is asked for again; each time twice as long. */
const firstPause = 1_000
const longestPause = 30_000

/** How a step may wait. */
export interface Waiting {
  /** Of a message: what it weighs. */
  bytes?: number | undefined
  /** Milliseconds after which it does not run any more; 0: no limit. */
  within?: number | undefined
  /** It does not run, since its time was over or the client has ended. */
  over?: ((how: 'timeout' | 'closed') => void) | undefined
}
interface Step extends Waiting {
  run: () => void
  /** The parts that were not there when it was called. */
  needs: PartName[]
  since: number
  timer?: ReturnType<typeof setTimeout>
}

export class Loading {
  /** What the messages among the steps weigh. */
  bytes = 0
  /** Requests whose time was over before they ran. */
  timeouts = 0
  /** While what has waited runs: when it was called. */
  since: number | undefined
  /** The last attempt to load one has failed, or takes too long. */
  failing = false
  /** Nobody waits any more. */
  private ended = false
  private readonly missing = new Set<PartName>()
  private readonly steps = new Set<Step>()

  constructor(
    /** Takes a step of the engine's, and tells what follows. */
    private readonly turn: (step: () => void) => void,
    private readonly done: () => void,
    /** Whether to go on trying. */
    private readonly failed: (detail: string) => boolean,
  ) {}

  get waits(): boolean {
    return this.missing.size > 0
  }
  get messages(): number {
    return [...this.steps].filter(({ bytes }) => bytes !== undefined).length
  }

  /** Steps of from now on wait until the part is there. */
  need(name: PartName): void {
    if (parts[name] !== undefined || this.missing.has(name)) return
    this.missing.add(name)
    // Also for what the step that runs asks for from here on.
    this.since = undefined
    void this.attempt(name, firstPause)
  }
  private async attempt(name: PartName, pause: number): Promise<void> {
    try {
      await load(name)
    } catch (error) {
      this.failing = true
      if (this.failed(String(error)))
        setTimeout(() => {
          if (!this.ended) void this.attempt(name, Math.min(longestPause, pause * 2))
        }, pause)
      return
    }
    if (this.ended) return
    this.missing.delete(name)
    if (!this.waits) this.failing = false
    for (const step of this.steps) {
      if (step.needs.some((one) => this.missing.has(one))) break
      this.remove(step)
      this.since = step.since
      step.run()
    }
    this.since = undefined
    this.turn(this.done)
  }

  /** Runs a step: now, or in its turn. What a step asks for that has waited is part of that one. */
  run(run: () => void, how: Waiting = {}): void {
    if (!this.waits || this.since !== undefined) {
      run()
      return
    }
    if (this.ended) {
      how.over?.('closed')
      return
    }
    const { bytes = 0, within = 0, over } = how
    const step: Step = { ...how, run, needs: [...this.missing], since: performance.now() }
    this.steps.add(step)
    this.bytes += bytes
    if (within === 0) return
    step.timer = setTimeout(() => {
      this.remove(step)
      if (bytes > 0) this.timeouts++
      this.turn(() => over?.('timeout'))
    }, within)
  }
  private remove(step: Step): void {
    this.steps.delete(step)
    this.bytes -= step.bytes ?? 0
    clearTimeout(step.timer)
  }

  /** The client has ended without them. */
  giveUp(): void {
    this.ended = true
    for (const step of this.steps) {
      this.remove(step)
      step.over?.('closed')
    }
  }
}
