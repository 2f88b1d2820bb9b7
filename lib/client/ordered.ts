// Work that may take a while, whose results are used in the order in which it was begun. What is ready at once, with
// nothing before it, is used at once.

interface Task {
  /** Set when the work is done. */
  use: (() => void) | undefined
}

export class Ordered {
  private readonly tasks: Task[] = []
  private waiters: (() => void)[] = []

  constructor(
    /** How many are under way, whenever that changes. */
    private readonly changed: (count: number) => void = () => undefined,
  ) {}

  get size(): number {
    return this.tasks.length
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    if (this.tasks.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.waiters.push(resolve))
  }

  /** `work` is a value or a promise of one; `use` and `failed` must not throw. */
  add<T>(work: T | Promise<T>, use: (value: T) => void, failed: (error: unknown) => void): void {
    if (!isPromise(work)) {
      if (this.tasks.length === 0) use(work)
      else this.tasks.push({ use: () => use(work) })
      return
    }
    const task: Task = { use: undefined }
    this.tasks.push(task)
    this.changed(this.tasks.length)
    work.then(
      (value) => this.done(task, () => use(value)),
      (error: unknown) => this.done(task, () => failed(error)),
    )
  }

  /** A failure takes its turn too. */
  fail(error: unknown, failed: (error: unknown) => void): void {
    this.add(undefined, () => failed(error), failed)
  }

  private done(task: Task, use: () => void): void {
    task.use = use
    while (this.tasks.length > 0) {
      const [{ use: next }] = this.tasks
      if (next === undefined) break
      this.tasks.shift()
      next()
    }
    this.changed(this.tasks.length)
    if (this.tasks.length === 0) for (const resolve of this.waiters.splice(0)) resolve()
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
