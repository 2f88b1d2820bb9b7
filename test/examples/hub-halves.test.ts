// The servers' halves of the examples: who may be where, what is kept, what is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as hawser from '../../lib'
import { faultOf, mayChat, serveChat } from '../../examples/web/server/chat.mjs'
import { eventFault, serveEvents } from '../../examples/web/server/events.mjs'
import { Journal } from '../../examples/web/server/journal.mjs'
import { Inboxes } from '../../examples/web/server/notifications.mjs'
import { nameOfToken } from '../../examples/web/server/users.mjs'
import { type Peer, useHubs } from '../integration/support/hubs'

const scope = useHubs()

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hawser-examples-'))
  scope.defer(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function chatHub(data?: string) {
  const { hub, url, server } = await scope.hub({
    auth: { verify: (_, token) => nameOfToken(token), required: true, at: 'upgrade' },
    authorize: ({ userId = '' }, action, target) =>
      action !== 'join' || mayChat(userId, target ?? '') === true,
    history: true,
  })
  const end = serveChat(hub as never, hawser, data)
  scope.defer(end)
  const peer = (name: string): Promise<Peer> => scope.peer(`${url}?token=${name}`)
  return { hub, server, peer, end }
}
const say = (room: string, id: string, text = 'hello') => ({
  type: 'chat.message',
  ack: true,
  room,
  payload: { id, text },
})

test('names are short, and can be shown', () => {
  for (const bad of [undefined, '', ' Ada', 'a/b', 'a\u0000b', 'a\u202eb', 'x'.repeat(25)])
    expect(nameOfToken(bad)).toBeUndefined()
  expect(nameOfToken('Ada Lovelace')).toEqual({ userId: 'Ada Lovelace' })
})

test('direct rooms are for two, others for all, and more there are none', () => {
  expect(mayChat('Ada', 'dm/Ada/Ben')).toBe(true)
  expect(mayChat('Cleo', 'dm/Ada/Ben')).toBe(false)
  for (const odd of ['dm/Ada', 'dm/Ben/Ada', 'dm/Ada/Ben/Cleo']) expect(mayChat('Ada', odd)).toBe(false)
  expect(mayChat('Ada', 'chat/general')).toBe(true)
  expect(mayChat('Ada', 'chat/secret')).toBe(false)
  expect(mayChat('Ada', 'queue')).toBeUndefined()
})

test('a message goes to the room with its author and a time of the hub; a copy of it does not', async () => {
  const { peer } = await chatHub()
  const [ada, ben] = [await peer('Ada'), await peer('Ben')]
  for (const one of [ada, ben]) await one.ask({ type: 'join', room: 'chat/general' })
  const lie = { ...say('chat/general', '1'), payload: { id: '1', text: 'hello', from: 'Cleo', at: 5 } }
  await ada.ask(lie)
  await ada.ask(say('chat/general', '1'))
  await ada.ask(say('chat/general', '2'))
  await ben.settled()
  const came = ben.said.filter(({ type }) => type === 'chat.message')
  expect(came.map(({ payload }) => [payload.id, payload.from])).toEqual([
    ['1', 'Ada'],
    ['2', 'Ada'],
  ])
  expect(came[0]?.['payload'].at).toBeGreaterThan(5)
  const outside = await ada.ask(say('dm/Ben/Cleo', '3'))
  expect(outside['error'].code).toBe('NOT_A_MEMBER')
})

test('who is written to directly is told where, and a third cannot come in', async () => {
  const { peer } = await chatHub()
  const [ada, ben, cleo] = [await peer('Ada'), await peer('Ben'), await peer('Cleo')]
  for (const bad of ['Ada', 'Ben/Cleo', 'x'.repeat(25), 5])
    expect((await ada.ask({ type: 'chat.open', payload: { with: bad } }))['error'].code).toBe(
      'INVALID_MESSAGE',
    )
  const opened = await ada.ask({ type: 'chat.open', payload: { with: 'Ben' } })
  expect(opened['payload']).toMatchObject({ room: 'dm/Ada/Ben', title: 'Ben', direct: true })
  await ada.ask({ type: 'join', room: 'dm/Ada/Ben' })
  await ada.ask(say('dm/Ada/Ben', '1'))
  await ben.settled()
  expect(ben.said.find(({ type }) => type === 'chat.opened')?.['payload']).toMatchObject({
    room: 'dm/Ada/Ben',
    title: 'Ada',
  })
  expect((await cleo.ask({ type: 'join', room: 'dm/Ada/Ben' }))['error'].code).toBe('UNAUTHORIZED')
})

test('after a restart what was said is there, and is not taken once more', async () => {
  const data = folder()
  const first = await chatHub(data)
  const ada = await first.peer('Ada')
  await ada.ask({ type: 'join', room: 'chat/general' })
  await ada.ask(say('chat/general', '1', 'kept'))
  first.end()
  await first.hub.close()

  const second = await chatHub(data)
  const ben = await second.peer('Ben')
  await ben.ask({ type: 'join', room: 'chat/general', payload: { last: 10 } })
  await ben.ask(say('chat/general', '1', 'kept'))
  await ben.ask(say('chat/general', '2', 'new'))
  await ben.settled()
  const texts = ben.said.filter(({ type }) => type === 'chat.message').map(({ payload }) => payload.text)
  expect(texts).toEqual(['kept', 'new'])
})

test('messages that are none are refused', () => {
  const good = { id: '1', text: 'hi' }
  expect(faultOf(good)).toBeUndefined()
  const file = { name: 'a', size: 1, type: '', url: 'data:,a' }
  expect(faultOf({ ...good, text: '', files: [file] })).toBeUndefined()
  const bad = [
    { ...good, id: '' },
    { ...good, text: ' ' },
    { ...good, text: 'x'.repeat(4001) },
    { ...good, files: Array(5).fill(file) },
    { ...good, files: [{ ...file, url: 'javascript:alert(1)' }] },
    { ...good, files: [{ ...file, url: `data:,${'x'.repeat(800_000)}` }] },
    { ...good, replyTo: '' },
  ]
  for (const message of bad) expect(faultOf(message as never)).toEqual(expect.any(String))
})

test('a journal keeps its latest entries, and survives half a line', () => {
  const data = folder()
  const first = new Journal<number>(data, 'n', 3)
  for (const n of [1, 2, 3, 4]) first.add(n)
  first.close()
  const second = new Journal<number>(data, 'n', 3)
  expect(second.entries).toEqual([2, 3, 4])
  second.close()
  writeFileSync(join(data, 'n.jsonl'), '2\n3\n{"a":')
  const third = new Journal<number>(data, 'n', 3)
  expect(third.entries).toEqual([2, 3])
  third.close()
  const none = new Journal<number>(undefined, 'n')
  none.add(1)
  expect(none.entries).toEqual([])
})

test('inboxes: newest first, marks by id or all, a bound', () => {
  const inboxes = new Inboxes()
  const add = (id: string) => inboxes.apply({ for: 'Ada', add: { id, title: id } })
  for (const id of ['a', 'b', 'c']) add(id)
  inboxes.apply({ for: 'Ada', read: ['b'] })
  expect(inboxes.of('Ada').map(({ id, read }) => [id, read === true])).toEqual([
    ['c', false],
    ['b', true],
    ['a', false],
  ])
  inboxes.apply({ for: 'Ada', dismiss: ['c'] })
  inboxes.apply({ for: 'Ada', read: [], all: true })
  expect(inboxes.of('Ada').every(({ read }) => read)).toBe(true)
  inboxes.apply({ for: 'Ada', dismiss: [], all: true })
  expect(inboxes.of('Ada')).toEqual([])
  for (let i = 0; i < 120; i++) add(String(i))
  expect(inboxes.of('Ada')).toHaveLength(100)
})

test('events are checked, changed by their id, and outlive a restart', async () => {
  const data = folder()
  const serve = async () => {
    const { hub, url } = await scope.hub({
      auth: { verify: (_, token) => nameOfToken(token), at: 'upgrade' },
    })
    const end = serveEvents(hub as never, hawser, data)
    const peer = await scope.peer(`${url}?token=Ada`)
    const ask = (type: string, payload: unknown) => peer.ask({ type, payload })
    return { hub, end, ask }
  }
  const first = await serve()
  const startsAt = Date.now() + 60_000
  const { payload: event } = await first.ask('event.create', { title: ' Planning ', startsAt })
  expect(event).toMatchObject({ title: 'Planning', createdBy: 'Ada', data: { going: ['Ada'] } })
  expect((await first.ask('event.create', { title: '', startsAt }))['error'].code).toBe('INVALID_MESSAGE')
  const change = { id: event.id, title: 'Later', createdBy: 'Ben', data: null, more: 'and more' }
  const { payload: changed } = await first.ask('event.update', change)
  expect(changed).toEqual({ ...event, title: 'Later' })
  expect((await first.ask('event.rsvp', { id: event.id, going: false }))['payload'].data).toEqual({
    going: [],
  })
  first.end()
  await first.hub.close()

  const second = await serve()
  expect((await second.ask('event.list', null))['payload']).toMatchObject([{ id: event.id, title: 'Later' }])
  expect((await second.ask('event.delete', { id: event.id }))['payload']).toEqual({ id: event.id })
  expect((await second.ask('event.delete', { id: event.id }))['error'].code).toBe('NOT_FOUND')
  second.end()
  // Pages make dates of them.
  for (const times of [
    { startsAt, endsAt: startsAt - 1 },
    { startsAt: Number.MAX_SAFE_INTEGER },
    { startsAt, endsAt: 1e300 },
  ])
    expect(eventFault({ title: 'x', ...times })).toEqual(expect.any(String))
})
