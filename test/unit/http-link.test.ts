// How long a link over HTTP holds on to a session whose answers do not come: time and answers are the test's.
import { httpLink } from '../../lib/client/portable/http-link'
import type { PlatformSocket } from '../../lib/client/portable/platform'
import { turn } from './support/fake-native'

const interval = 15_000
const grace = 15_000

interface Asked {
  body: string
  answer(response: Response): void
  fail(): void
}

const asked: Asked[] = []
let fetched: jest.SpyInstance

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
  asked.length = 0
  fetched = jest.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => {
    return new Promise((answer, reject) => {
      const { body, signal } = init as { body: string; signal: AbortSignal }
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      asked.push({ body, answer, fail: () => reject(new Error('cut')) })
    })
  })
})
afterEach(() => {
  fetched.mockRestore()
  jest.useRealTimers()
})

async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 100) {
    jest.advanceTimersByTime(Math.min(100, left))
    await turn(2)
  }
}

/** A link that is open and polls, and how it ended. */
async function polling(): Promise<{ link: PlatformSocket; closes: unknown[]; heard: unknown[] }> {
  const link = httpLink('ws://hub.test/', [], { patience: 3_000, polls: { needed: true } })
  const closes: unknown[] = []
  const heard: unknown[] = []
  link.onclose = (event) => closes.push((event as { code: number }).code)
  link.onmessage = (event) => heard.push((event as { data: unknown }).data)
  const opened = { session: 's', protocol: '', interval, grace, maxBody: 1000 }
  asked[0].answer(new Response(JSON.stringify(opened)))
  await turn(5)
  expect(asked).toHaveLength(2)
  return { link, closes, heard }
}

test('a poll that is cut when it has waited its interval is made again', async () => {
  const { closes, heard } = await polling()
  await pass(interval + 500)
  asked[1].fail()
  await pass(200)
  expect([closes, asked.length]).toEqual([[], 3])
  asked[2].answer(new Response('data: "after all"\n\n'))
  await turn(5)
  expect([heard, asked.length]).toEqual([['after all'], 4])
})

test('one that is not answered leaves time for another', async () => {
  const { closes } = await polling()
  await pass(interval + grace / 2 + 200)
  expect([closes, asked.length]).toEqual([[], 3])
  await pass(grace)
  // Nothing was heard for longer than the server keeps a session.
  expect(closes).toEqual([])
  await pass(interval)
  expect(closes).toEqual([1006])
})

test('an answer that has begun may take its time, but not stand still', async () => {
  const { closes, heard } = await polling()
  let body: ReadableStreamDefaultController | undefined
  const stream = new ReadableStream({ start: (controller) => void (body = controller) })
  asked[1].answer(new Response(stream))
  const text = 'data: "slow"\n\n'
  for (const part of text) {
    await pass(interval)
    body?.enqueue(new TextEncoder().encode(part))
  }
  await pass(interval)
  expect([closes, heard, asked.length]).toEqual([[], [], 2])
  // The last part was heard an interval ago: another try is due before the session is given up.
  await pass(grace / 2 + 200)
  expect([closes, asked.length]).toEqual([[], 3])
})
