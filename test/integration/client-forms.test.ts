// Messages whose envelope the I/O thread writes, and replies of which it hands up the payload alone: nothing of that
// shows at either end.
import { bytesOf } from '../../lib/core/bytes'
import { Random } from '../support/random'
import { within } from '../support/waiters'
import type { FarEnd, Received } from './support/far-end'
import { generated, mutated } from './support/json-texts'
import { rejection, useManaged } from './support/managed'

const scope = useManaged()

/** Replies to whatever asks. */
function echoing({ correlationId, payload }: Received, _socket: unknown, far: FarEnd): void {
  if (correlationId !== undefined) far.say({ type: 'reply', correlationId, payload })
}

const payloads = [
  {},
  [],
  '',
  0,
  -0.5,
  1e300,
  true,
  false,
  null,
  'plain',
  'Zürich 🚢 "quoted" \\ \u0001 \ud800',
  { deep: [{ a: [1, 'é', null] }] },
  'x'.repeat(40),
  'ü'.repeat(400),
  'z'.repeat(300_000),
]
const types = ['work', 'a"b\\c', 'tür.🚢', ' ', '\u0001', 't'.repeat(128), '#', '@', '$']

test('a message says what an envelope says, whatever its type and payload', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  const before = Date.now()
  for (const type of types) for (const payload of payloads) client.send(type, payload)
  await far.messages(types.length * payloads.length)
  const ids = new Set<string>()
  far.received.forEach((message, at) => {
    const { id, timestamp, ...rest } = message as typeof message & { timestamp: number }
    ids.add(id)
    expect(id).toMatch(/^[0-9a-f]{16}-F[0-9a-z]+$/)
    expect(timestamp).toBeGreaterThanOrEqual(before)
    expect(timestamp).toBeLessThanOrEqual(Date.now())
    const type = types[Math.floor(at / payloads.length)]
    const payload = JSON.parse(JSON.stringify(payloads[at % payloads.length])) as unknown
    expect(rest).toEqual({ type, payload })
  })
  expect(ids.size).toBe(far.received.length)
})

test('a request carries its id as its correlation id, and each gets its own reply', async () => {
  const far = await scope.far()
  far.answer = echoing
  const { client } = await scope.connected(far)
  const asked = types.flatMap((type) => payloads.map((payload) => client.request(type, payload)))
  const got = await within(Promise.all(asked), 'replies')
  expect(got).toEqual(types.flatMap(() => JSON.parse(JSON.stringify(payloads)) as unknown[]))
  for (const { id, correlationId } of far.received) expect(correlationId).toBe(id)
})

test('more types than there are forms for', async () => {
  const far = await scope.far()
  far.answer = echoing
  const { client } = await scope.connected(far)
  const many = Array.from({ length: 400 }, (_, n) => `type-${n}`)
  for (const type of many) client.send(type, type)
  expect(await Promise.all(many.map((type) => client.request(type, type)))).toEqual(many)
  expect(far.types).toEqual([...many, ...many])
})

test('bytes that wait are counted to the last one, while ids grow', async () => {
  const far = await scope.farDown()
  const { client } = scope.managed(far, { queue: { maxMessages: 5000 } })
  const connected = client.connect()
  const sizes: number[] = []
  for (let n = 0; n < 1500; n++) {
    const before = client.bufferedAmount
    if (n % 3 === 0) client.request('ask', n % 2 === 0 ? n : 'ü'.repeat(n % 50)).catch(() => undefined)
    else client.send('note', n % 2 === 0 ? n : 'ü'.repeat(n % 50))
    sizes.push(client.bufferedAmount - before)
  }
  const came: number[] = []
  far.greet = (socket) => socket.on('message', (data) => came.push((bytesOf(data) as Uint8Array).length))
  await far.start()
  await within(connected, 'connect()')
  await far.messages(1500)
  expect(came).toEqual(sizes)
  await within(client.drained(), 'drained()')
  // What requests and acks wait for is no more than an answer.
  expect(client.bufferedAmount).toBe(0)
})

test('a clock that stands elsewhere makes no wrong text', async () => {
  const far = await scope.far()
  far.answer = echoing
  const { client } = await scope.connected(far)
  const clock = jest.spyOn(Date, 'now')
  try {
    const times = [0, 999_999_999_999, 1e12, 9_999_999_999_999, 1e13]
    for (const time of times) {
      clock.mockReturnValue(time)
      client.send('at', time)
      expect(await client.request('ask', time)).toBe(time)
    }
    expect(far.received.map((message) => (message as unknown as { timestamp: number }).timestamp)).toEqual(
      times.flatMap((time) => [time, time]),
    )
  } finally {
    clock.mockRestore()
  }
})

test('what cannot be written is thrown at the call; what is taken no more, too', async () => {
  const far = await scope.far()
  const { client } = await scope.connected(far)
  expect(() => client.send('note', () => 1)).toThrow(/cannot be written as JSON/)
  expect(await rejection(client.request('ask', 1n))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  await client.close()
  expect(() => client.send('note', 1)).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }) as Error)
  expect(await rejection(client.request('ask', 1))).toMatchObject({ code: 'INVALID_STATE' })
})

const raw: [string, string][] = [
  ['white space', ' {\n"type" : "reply", "correlationId" : "ID" ,\t"payload" : [ 1 , { "a" : "]}" } ] }\r\n'],
  [
    'the last of its name counts',
    '{"payload":1,"type":"x","type":"reply","correlationId":"ID","payload":[2]}',
  ],
  ['a name with escapes', '{"type":"reply","correlationId":"ID","payload":1,"pa\\u0079load":{"b":"\\""}}'],
  ['a string with escapes', '{"type":"reply","correlationId":"ID","payload":"a\\u00fc\\n\\"{"}'],
  ['no error but null', '{"type":"reply","correlationId":"ID","error":null,"payload":"{"}'],
  ['no payload', '{"type":"reply","correlationId":"ID"}'],
  [
    'members below that have the names',
    '{"type":"reply","correlationId":"ID","payload":{"error":1,"payload":2}}',
  ],
  ['a payload that hides another', '{"type":"reply","correlationId":"ID","payload":{"a":1},"payload":3}'],
]
test.each(raw)('a reply with %s', async (_name, text) => {
  const far = await scope.far()
  far.answer = ({ correlationId }, socket) => socket.send(text.replaceAll('ID', correlationId as string))
  const { client, errors } = await scope.connected(far)
  const { payload } = JSON.parse(text) as { payload: unknown }
  expect(await client.request('ask', 0)).toEqual(payload)
  expect(await client.request('ask')).toEqual(payload)
  expect(errors).toEqual([])
})

test.each([
  ['an error beside the payload', '{"type":"reply","correlationId":"ID","payload":1,"error":{"code":"NO"}}'],
  [
    'an error that is the last of its name',
    '{"type":"reply","error":null,"correlationId":"ID","payload":1,"error":"NO"}',
  ],
  ['the type `error`', '{"type":"error","correlationId":"ID","payload":"NO"}'],
])('a reply with %s rejects', async (_name, text) => {
  const far = await scope.far()
  far.answer = ({ correlationId }, socket) => socket.send(text.replaceAll('ID', correlationId as string))
  const { client } = await scope.connected(far)
  expect(await rejection(client.request('ask', 0))).toMatchObject({
    code: 'SERVER_ERROR',
    message: expect.stringContaining('NO') as string,
  })
})

test('2,000 replies of any form give what JSON.parse reads of them', async () => {
  const random = new Random()
  const far = await scope.far()
  const said: unknown[] = []
  far.answer = ({ correlationId }, socket) => {
    let payload = generated(random)
    for (let tries = 0; tries < 5; tries++) {
      const changed = mutated(random, payload)
      try {
        JSON.parse(changed)
        payload = changed
      } catch {
        continue
      }
    }
    const id = JSON.stringify(correlationId)
    const members = [`"type":"reply"`, `"correlationId":${id}`, `"payload":${payload}`, '"error":null']
    const shift = random.below(members.length)
    const text = `{${[...members.slice(shift), ...members.slice(0, shift)].join(',')}}`
    // As it arrives: half of a pair of code units is written as U+FFFD.
    said.push((JSON.parse(Buffer.from(text).toString()) as { payload: unknown }).payload)
    socket.send(text)
  }
  const { client } = await scope.connected(far)
  const got = await within(
    Promise.all(Array.from({ length: 2000 }, (_, n) => client.request('ask', n))),
    'replies',
  )
  expect(got).toEqual(said)
})
