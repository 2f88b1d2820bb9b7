// When the feed of the demo has to wait for its subscribers, and when it goes on.
import { Flow } from '../../examples/demo/flow.mjs'

const bound = 1600 // so that it marks every 100 bytes, waits above 800 and goes on below 400

/** A subscriber that takes marks when it is told to. */
class Subscriber {
  readonly marks: number[] = []
  flow: Flow | undefined

  /** Takes everything up to the mark of so many bytes. */
  take(bytes: number): void {
    while (this.marks.length > 0 && this.marks[0] <= bytes) this.flow!.took(this, this.marks.shift()!)
  }
}

function rig(...subscribers: Subscriber[]): { flow: Flow; log: string[]; join: (one: Subscriber) => void } {
  const log: string[] = []
  const present: Subscriber[] = []
  const flow = new Flow(bound, {
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    mark: (at: number) => present.forEach(({ marks }) => marks.push(at)),
  })
  const join = (one: Subscriber): void => {
    one.flow = flow
    present.push(one)
    flow.add(one)
  }
  subscribers.forEach(join)
  return { flow, log, join }
}

function publish(flow: Flow, bytes: number): void {
  for (let i = 0; i < bytes; i += 10) flow.note(10, true)
}

test('a mark goes to everybody each so many bytes', () => {
  const [a, b] = [new Subscriber(), new Subscriber()]
  publish(rig(a, b).flow, 350)
  expect([a.marks, b.marks]).toEqual([
    [100, 200, 300],
    [100, 200, 300],
  ])
})

test('behind is the distance to the last mark that the slowest has taken', () => {
  const [fast, slow] = [new Subscriber(), new Subscriber()]
  const { flow } = rig(fast, slow)
  publish(flow, 250)
  expect([flow.published, flow.behind]).toEqual([250, 250])
  fast.take(200)
  expect(flow.behind).toBe(250)
  slow.take(100)
  expect(flow.behind).toBe(150)
})

test('the feed waits above the high mark and goes on at the low one, once each', () => {
  const one = new Subscriber()
  const { flow, log } = rig(one)
  publish(flow, 890)
  expect([flow.holding, log]).toEqual([false, []])
  publish(flow, 10)
  expect([flow.holding, log]).toEqual([true, ['pause']])
  publish(flow, 300)
  expect(log).toEqual(['pause'])
  one.take(700)
  expect([flow.behind, flow.holding]).toEqual([500, true])
  one.take(800)
  expect([flow.behind, flow.holding, log]).toEqual([400, false, ['pause', 'resume']])
  one.take(1200)
  expect(log).toEqual(['pause', 'resume'])
})

test('who is added counts from then on', () => {
  const { flow, join } = rig()
  publish(flow, 500)
  const late = new Subscriber()
  join(late)
  expect(flow.behind).toBe(0)
  publish(flow, 100)
  expect([flow.behind, late.marks]).toEqual([100, [600]])
})

test('nobody waits for who is gone', () => {
  const [fast, slow] = [new Subscriber(), new Subscriber()]
  const { flow, log } = rig(fast, slow)
  publish(flow, 900)
  fast.take(900)
  expect(log).toEqual(['pause'])
  flow.remove(slow)
  expect([flow.behind, log]).toEqual([0, ['pause', 'resume']])
})

test('a mark of somebody who is gone says nothing', () => {
  const [one, gone] = [new Subscriber(), new Subscriber()]
  const { flow, log } = rig(one, gone)
  publish(flow, 900)
  flow.remove(gone)
  gone.take(900)
  expect([flow.behind, flow.holding, log]).toEqual([900, true, ['pause']])
})

test('a full way to the I/O thread stops the feed at once, until a mark comes back', () => {
  const one = new Subscriber()
  const { flow, log } = rig(one)
  flow.note(10, false)
  expect([flow.holding, one.marks, log]).toEqual([true, [10], ['pause']])
  one.take(10)
  expect([flow.holding, log]).toEqual([false, ['pause', 'resume']])
})

test('… and without subscribers until the next turn, since no mark comes back', async () => {
  const { flow, log } = rig()
  flow.note(10, false)
  expect(log).toEqual(['pause'])
  await new Promise((resolve) => setImmediate(resolve))
  expect([flow.holding, log]).toEqual([false, ['pause', 'resume']])
})
