// What waits for the start of a server, and its bounds.
import { EarlyTopics } from '../../lib/server/early-topics'

const bounds = { count: 3, bytes: 1000, age: 0 }

test('keeps the newest of a topic, and says above which offset', () => {
  const topics = new EarlyTopics()
  topics.keep('t', bounds, 10)
  expect(topics.kept('t')).toEqual({ lost: 10, last: 10, count: 0, bytes: 0 })
  for (let offset = 11; offset <= 15; offset++)
    expect(topics.publish({ topics: ['t', 'u'], data: `${offset}`, offset })).toBe(true)
  expect(topics.kept('t')).toMatchObject({ lost: 12, last: 15, count: 3 })
  const [[topic, , head, messages]] = [...topics]
  expect([topic, head, messages.map(({ data }) => data)]).toEqual(['t', 12, ['13', '14', '15']])
  expect(messages[0].topics).toEqual(['t', 'u'])
})

test('topics that do not keep are not its business', () => {
  const topics = new EarlyTopics()
  expect(topics.publish({ topics: ['t'], data: 'x', offset: 1 })).toBe(false)
  topics.keep('t', bounds, 0)
  topics.forget('t')
  expect(topics.publish({ topics: ['t'], data: 'x', offset: 1 })).toBe(false)
  expect(topics.kept('t')).toBeUndefined()
})

test('bytes have a bound, and are copied', () => {
  const topics = new EarlyTopics()
  topics.keep('t', bounds, 0)
  const data = Buffer.alloc(600, 1)
  topics.publish({ topics: ['t'], data, offset: 1 })
  data.fill(2)
  topics.publish({ topics: ['t'], data, offset: 2 })
  expect(topics.kept('t')).toMatchObject({ lost: 1, last: 2, count: 1, bytes: 600 })
  data.fill(3)
  const [[, , , messages]] = [...topics]
  expect(messages.map((message) => message.data[0])).toEqual([2])
  topics.publish({ topics: ['t'], data: Buffer.alloc(2000), offset: 3 })
  expect(topics.kept('t')).toEqual({ lost: 3, last: 3, count: 0, bytes: 0 })
})

test('all topics together have a bound: then the topic that grows gives up its oldest', () => {
  const topics = new EarlyTopics()
  const wide = { count: 1000, bytes: 2 ** 30, age: 0 }
  const data = Buffer.alloc(20 * 1024 * 1024)
  for (const topic of ['a', 'b', 'c']) {
    topics.keep(topic, wide, 0)
    topics.publish({ topics: [topic], data, offset: 1 })
  }
  topics.publish({ topics: ['a'], data, offset: 2 })
  expect(topics.kept('a')).toMatchObject({ lost: 1, last: 2, count: 1 })
  topics.forget('b')
  topics.publish({ topics: ['a'], data, offset: 3 })
  expect(topics.kept('a')).toMatchObject({ lost: 1, last: 3, count: 2 })
})
