// The editor: what a field does to its text, and two texts that become one through the hub.
import { WebSocketClient } from '../../lib'
import { changeBetween, movedBy } from '../../examples/web/editor/text-change'
import { fromBase64, toBase64 } from '../../examples/web/editor/bytes'
import { SharedText } from '../../examples/web/editor/shared-text'
import { serveEditor } from '../../examples/web/server/editor.mjs'
import * as hawser from '../../lib'
import { useHubs } from '../integration/support/hubs'
import { Random } from '../support/random'
import { until } from '../support/waiters'

const scope = useHubs()

/** Half of a pair. */
const half = /\p{Cs}/u

test('a change between two texts makes the one the other, and splits no pair', () => {
  const random = new Random()
  const letters = ['a', 'b', ' ', '🚢', '🙂', 'ü']
  const text = (): string => Array.from({ length: random.below(8) }, () => letters[random.below(6)]).join('')
  for (let round = 0; round < 3000; round++) {
    const [before, after] = [text(), text()]
    const change = changeBetween(before, after)
    if (change === undefined) {
      expect(after).toBe(before)
      continue
    }
    const { at, remove, insert } = change
    expect(before.slice(0, at) + insert + before.slice(at + remove)).toBe(after)
    expect(insert).not.toMatch(half)
    expect(before.slice(at, at + remove)).not.toMatch(half)
  }
})

test('a caret stays where it was in the text', () => {
  expect(movedBy(5, { at: 5, remove: 0, insert: 'xy' })).toBe(5)
  expect(movedBy(6, { at: 5, remove: 0, insert: 'xy' })).toBe(8)
  expect(movedBy(6, { at: 5, remove: 3, insert: '' })).toBe(5)
  expect(movedBy(9, { at: 5, remove: 3, insert: 'x' })).toBe(7)
})

test('bytes come back from Base64', () => {
  const bytes = new Random().bytes(20_000)
  expect(Buffer.from(fromBase64(toBase64(bytes))).equals(bytes)).toBe(true)
})

test('two hands write one text, also what one wrote without a connection', async () => {
  const { hub, url } = await scope.hub({
    auth: { verify: (_, token) => ({ userId: token ?? '' }), required: true, at: 'message' },
  })
  const end = serveEditor(hub as never, hawser, undefined)
  scope.defer(end)
  const open = async (name: string): Promise<{ client: WebSocketClient; text: SharedText }> => {
    const client = new WebSocketClient({
      url,
      auth: { as: 'message', token: () => name },
      reconnect: { minDelay: 10 },
    })
    scope.defer(() => client.close())
    const text = new SharedText(client as never)
    scope.defer(() => text.close())
    await client.connect()
    await until(() => text.getSnapshot().ready)
    return { client, text }
  }
  const [ada, ben] = [await open('Ada'), await open('Ben')]
  const both = (value: string) =>
    until(() =>
      [ada, ben].every(({ text }) => text.getSnapshot().text === value && text.getSnapshot().unsaved === 0),
    )
  ada.text.set('hello')
  await both('hello')
  ben.text.setCaret({ anchor: 5, head: 5 })
  await until(() => ada.text.getSnapshot().carets.length === 1)
  // A caret that is nowhere does no harm.
  for (const [page, anchor] of [
    ['odd', undefined],
    ['odder', { type: {} }],
  ])
    ben.client.send('doc.caret', { page, anchor, head: null }, { room: 'editor' })
  ada.text.set('oh, hello')
  expect(ada.text.getSnapshot().carets).toEqual([{ name: 'Ben', anchor: 9, head: 9 }])
  await both('oh, hello')

  await ada.client.disconnect()
  ada.text.set('oh, hello from Ada')
  ben.text.set('Ben: oh, hello')
  expect(ada.text.getSnapshot().unsaved).toBe(1)
  await ada.client.connect()
  await both('Ben: oh, hello from Ada')
})
