// The editor's half of the hub: has a copy of the text itself, gives who comes what they lack, and tells the others.
import * as Y from 'yjs'
import { Journal } from './journal.mjs'

const room = 'editor'
/** Bytes that the text may take with its past. */
const largest = 2_000_000

/**
 * @param {import('hawser').Hub<import('../protocol/editor.js').EditorProtocol>} hub
 * @param {{ HubError: typeof import('hawser').HubError }} hawser
 * @param {string | undefined} data
 */
export function serveEditor(hub, { HubError }, data) {
  const doc = new Y.Doc()
  /** @type {Journal<string>} */
  const journal = new Journal(data, 'editor', Infinity)
  for (const update of journal.entries) Y.applyUpdate(doc, Buffer.from(update, 'base64'))
  // All that came before as one, so that what is kept does not lose its beginning.
  const before = Y.encodeStateAsUpdate(doc)
  journal.replace([encode(before)])
  let size = before.length

  hub.handle('doc.open', ({ state }) => ({
    update: encode(Y.encodeStateAsUpdate(doc, state === '' ? undefined : Buffer.from(state, 'base64'))),
    state: encode(Y.encodeStateVector(doc)),
  }))
  hub.handle('doc.update', ({ update, page }, context) => {
    const bytes = Buffer.from(update, 'base64')
    if (size + bytes.length > largest) throw new HubError('TEXT_FULL', 'This text is too long to go on')
    try {
      Y.applyUpdate(doc, bytes)
    } catch {
      throw new HubError('INVALID_MESSAGE', '`update` is no update of Yjs')
    }
    size += bytes.length
    journal.add(update)
    context.to(room).send('doc.update', { update, page })
    return null
  })
  hub.on('doc.caret', ({ page, anchor, head }, context) => {
    const { userId: from } = context
    if (from === undefined || JSON.stringify([page, anchor, head]).length > 1000) return
    // Of the moment: the room does not keep what is chosen by connection.
    const others = hub.to(room).where(({ id }) => id !== context.id)
    others.send('doc.caret', { page, anchor, head, from })
  })
  return () => {
    journal.close()
    doc.destroy()
  }
}

/** @param {Uint8Array} bytes */
function encode(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
