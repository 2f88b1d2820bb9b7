// What test files call while they are loaded: gathers their cases. A page runs them; Node has their names from the same.

type Work = (...args: never[]) => unknown
interface Case {
  /** With those of the groups that it is in. */
  name: string
  run: () => unknown
  /** The outermost first. */
  groups: Group[]
}
interface Group {
  name: string
  before: Work[]
  after: Work[]
  first: Work[]
  last: Work[]
}
const newGroup = (name: string): Group => ({ name, before: [], after: [], first: [], last: [] })

/** A name with the values of a row in their places. */
function named(name: string, row: unknown[]): string {
  let next = 0
  return name.replace(/%[sijdp]/g, () => wordsOf(row[next++]))
}

const wordsOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

export class Cases {
  private readonly all: Case[] = []
  private path = [newGroup('')]

  /** What test files find in `globalThis`. */
  readonly globals = this.make()

  get names(): string[] {
    return this.all.map(({ name }) => name)
  }

  private make(): Record<string, unknown> {
    const here = (): Group => this.path[this.path.length - 1]
    const full = (name: string): string => [...this.path.map((group) => group.name), name].join(' ').trim()
    const test = (name: string, run: Work): void => {
      const alike = this.names.filter((other) => other.replace(/ \(\d+\)$/, '') === full(name)).length
      const unique = alike === 0 ? full(name) : `${full(name)} (${alike + 1})`
      this.all.push({ name: unique, run, groups: [...this.path] })
    }
    const describe = (name: string, fill: Work): void => {
      this.path.push(newGroup(name))
      fill()
      this.path.pop()
    }
    const each =
      (one: (name: string, work: Work) => void) => (rows: unknown[]) => (name: string, work: Work) => {
        for (const row of rows) {
          const values = (Array.isArray(row) ? row : [row]) as never[]
          one(named(name, values), () => work(...values))
        }
      }
    return {
      test: Object.assign(test, { each: each(test) }),
      it: Object.assign(test, { each: each(test) }),
      describe: Object.assign(describe, { each: each(describe) }),
      beforeEach: (work: Work) => here().before.push(work),
      afterEach: (work: Work) => here().after.push(work),
      beforeAll: (work: Work) => here().first.push(work),
      afterAll: (work: Work) => here().last.push(work),
    }
  }

  /** What went wrong in a case, if anything did. */
  async run(place: number): Promise<string | undefined> {
    const { run, groups } = this.all[place]
    const faults: unknown[] = []
    const attempt = async (work: Work): Promise<void> => {
      try {
        await work()
      } catch (error) {
        faults.push(error)
      }
    }
    for (const { first } of groups) for (const work of first.splice(0)) await attempt(work)
    for (const { before } of groups) for (const work of before) await attempt(work)
    if (faults.length === 0) await attempt(run)
    for (const { after } of groups.toReversed()) for (const work of after.toReversed()) await attempt(work)
    const rest = this.all.slice(place + 1)
    for (const group of groups.toReversed()) {
      if (rest.some((other) => other.groups.includes(group))) continue
      for (const work of group.last.splice(0)) await attempt(work)
    }
    return faults.length === 0 ? undefined : faults.map(told).join('\n')
  }
}
const told = (fault: unknown): string =>
  fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
