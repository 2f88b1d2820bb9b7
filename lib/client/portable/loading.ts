// Parts of the engine on their way, and what waits for them: calls of the program, in their order. Nothing waits where all
// parts are at hand.
import { type PartName, load } from './parts'

/** Milliseconds until a part that cannot be loaded is asked for again; each time twice as long. */
const firstPause = 1_000
const longestPause = 30_000

export class Loading {
  /** What the messages among the steps weigh. */
  bytes = 0
  /** What was held runs now: all of it was called before the program asked for the end, if it has. */
  catchesUp = false
  /** The last attempt to load one has failed. */
  failing = false
  private readonly missing = new Set<PartName>()
  private steps: (() => void)[] = []

  constructor(
    private readonly done: () => void,
    /** Whether to go on trying. */
    private readonly failed: (detail: string) => boolean,
  ) {}

  get waits(): boolean {
    return this.missing.size > 0
  }

  add(name: PartName): void {
    if (this.missing.has(name)) return
    this.missing.add(name)
    void this.attempt(name, firstPause)
  }
  private async attempt(name: PartName, pause: number): Promise<void> {
    try {
      await load(name)
    } catch (error) {
      this.failing = true
      if (this.failed(String(error)))
        setTimeout(() => void this.attempt(name, Math.min(longestPause, pause * 2)), pause)
      return
    }
    this.missing.delete(name)
    if (this.waits) return
    this.bytes = 0
    this.failing = false
    this.catchesUp = true
    for (const step of this.steps.splice(0)) this.run(step)
    this.catchesUp = false
    this.done()
  }

  /** Runs a step: now, or in its turn. */
  run(step: () => void): void {
    if (this.waits) this.steps.push(step)
    else step()
  }
  /** The next step is a message of so many bytes. */
  weigh(bytes: number): void {
    if (this.waits) this.bytes += bytes
  }
}
