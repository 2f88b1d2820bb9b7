// The chat's half of the hub: checks what is said, says who said it and when, and keeps it for who comes later.
// What the room shall keep goes to all of it; what is of the moment goes to those who are there, see `toOthers`.
import { Journal } from './journal.mjs'
import { nameOfToken } from './users.mjs'

/** @typedef {import('hawser').HubConnection} Connection */
/** @typedef {{ room: string, type: 'chat.message' | 'chat.read' | 'chat.reaction', payload: any, from: string }} Entry */

const publicRooms = [
  { room: 'chat/general', title: 'general', topic: 'What concerns everybody', direct: false },
  { room: 'chat/engineering', title: 'engineering', topic: 'Builds, bugs and plans', direct: false },
  { room: 'chat/random', title: 'random', topic: 'Everything else', direct: false },
]
/** Conversations of two that are in lists, and rooms whose copies are known. */
const mostRooms = 5000
const longestText = 4000
const mostFiles = 4
/** Characters of the files of a message, as `data:` URLs. */
const mostFileText = 750_000

/** Room of two people. Names have no slash. @param {string} one @param {string} other */
const directRoom = (one, other) => `dm/${[one, other].sort().join('/')}`
/** @param {string} room */
const isDirect = (room) => room.startsWith('dm/')
/** @param {string} room */
const peopleOf = (room) => room.split('/').slice(1)

/**
 * Whether somebody may be in a room of the chat; undefined: it is none.
 * @param {string} userId
 * @param {string} room
 */
export function mayChat(userId, room) {
  if (isDirect(room)) {
    const [one = '', other = ''] = peopleOf(room)
    return [one, other].includes(userId) && room === directRoom(one, other)
  }
  return room.startsWith('chat/') ? publicRooms.some((one) => one.room === room) : undefined
}

/**
 * @param {import('hawser').Hub<import('../protocol/chat.js').ChatAppProtocol>} hub
 * @param {{ HubError: typeof import('hawser').HubError }} hawser
 * @param {string | undefined} data
 */
export function serveChat(hub, { HubError }, data) {
  /** @type {Journal<Entry>} */
  const journal = new Journal(data, 'chat')
  /** Ids of messages, by room: a client that heard no ack before a restart sends its message once more. @type {Map<string, Set<string>>} */
  const seen = new Map()
  /** @type {Set<string>} */
  const direct = new Set()

  /** @param {string} room @param {string} id @returns {boolean} false: it is a copy */
  const isNew = (room, id) => {
    const ids = seen.get(room) ?? new Set()
    // Those that were used last are at the end.
    seen.delete(room)
    seen.set(room, ids)
    if (seen.size > mostRooms) seen.delete(seen.keys().next().value ?? '')
    if (ids.has(id)) return false
    ids.add(id)
    if (ids.size > 2000) ids.delete(ids.values().next().value ?? '')
    return true
  }
  /** @param {string} room */
  const list = (room) => {
    if (isDirect(room) && direct.size < mostRooms) direct.add(room)
  }
  /** @param {string} room @param {Entry['type']} type @param {any} payload @param {string} from */
  const keep = (room, type, payload, from) => {
    journal.add({ room, type, payload, from })
    hub.to(room).send(type, payload, { userId: from })
  }
  for (const { room, type, payload, from } of journal.entries) {
    if (type === 'chat.message') isNew(room, payload.id)
    list(room)
    hub.to(room).send(type, payload, { userId: from })
  }

  /** @param {Connection} context @param {{ room?: string | undefined }} message */
  const place = (context, { room }) => {
    if (room === undefined || context.userId === undefined || mayChat(context.userId, room) !== true) {
      throw new HubError('INVALID_MESSAGE', 'Name a room of the chat that you are in')
    }
    return { room, from: context.userId }
  }
  /** Those who are there now: a room keeps nothing that is chosen by connection. @param {Connection} context @param {string} room */
  const toOthers = (context, room) => hub.to(room).where(({ id }) => id !== context.id)
  /** @param {string} room @param {string} for_ */
  const directFor = (room, for_) => ({
    room,
    title: peopleOf(room).find((name) => name !== for_) ?? for_,
    topic: 'Only you two',
    direct: true,
  })

  hub.handle('chat.rooms', (_, { userId = '' }) => [
    ...publicRooms,
    ...[...direct].filter((room) => mayChat(userId, room)).map((room) => directFor(room, userId)),
  ])
  hub.handle('chat.open', ({ with: other }, { userId = '' }) => {
    if (typeof other !== 'string' || nameOfToken(other) === undefined || other === userId) {
      throw new HubError('INVALID_MESSAGE', 'Say with whom')
    }
    const room = directRoom(userId, other)
    list(room)
    return directFor(room, userId)
  })
  hub.on('chat.message', (payload, context, message) => {
    const { room, from } = place(context, message)
    const wrong = faultOf(payload)
    if (wrong !== undefined) throw new HubError('INVALID_MESSAGE', wrong)
    if (!isNew(room, payload.id)) return
    if (isDirect(room)) {
      list(room)
      const other = peopleOf(room).find((name) => name !== from)
      if (other !== undefined) hub.toUser(other).send('chat.opened', directFor(room, other))
    }
    const { id, text, files, replyTo } = payload
    keep(room, 'chat.message', { id, text, files, replyTo, from, at: Date.now() }, from)
  })
  hub.on('chat.reaction', ({ messageId, emoji, on }, context, message) => {
    const { room, from } = place(context, message)
    if (!isId(messageId) || typeof emoji !== 'string' || emoji.length > 16 || typeof on !== 'boolean') {
      throw new HubError('INVALID_MESSAGE', 'A reaction is { messageId, emoji, on }')
    }
    keep(room, 'chat.reaction', { messageId, emoji, on, from }, from)
  })
  hub.on('chat.read', ({ upTo }, context, message) => {
    const { room, from } = place(context, message)
    if (!isId(upTo)) throw new HubError('INVALID_MESSAGE', 'A mark is { upTo }')
    keep(room, 'chat.read', { upTo, from }, from)
  })
  hub.on('chat.delivered', ({ upTo }, context, message) => {
    const { room, from } = place(context, message)
    if (!isId(upTo)) throw new HubError('INVALID_MESSAGE', 'A mark is { upTo }')
    toOthers(context, room).send('chat.delivered', { upTo, from }, { userId: from })
  })
  hub.on('chat.typing', ({ typing }, context, message) => {
    const { room, from } = place(context, message)
    toOthers(context, room).send('chat.typing', { typing: typing === true, from }, { userId: from })
  })
  return () => journal.close()
}

/** @param {unknown} id */
const isId = (id) => typeof id === 'string' && id !== '' && id.length <= 64

/**
 * What is wrong with a message; undefined: nothing.
 * @param {import('hawser/react').ChatMessagePayload} payload
 */
export function faultOf({ id, text, files = [], replyTo }) {
  if (!isId(id)) return '`id` has 1 to 64 characters'
  if (typeof text !== 'string' || text.length > longestText)
    return `\`text\` has at most ${longestText} characters`
  if (replyTo !== undefined && !isId(replyTo)) return '`replyTo` is the id of a message'
  if (!Array.isArray(files) || files.length > mostFiles) return `A message has at most ${mostFiles} files`
  const sound = files.every(
    ({ name, size, type, url }) =>
      [name, type, url].every((part) => typeof part === 'string') && url.startsWith('data:') && size >= 0,
  )
  if (!sound) return 'A file is { name, size, type, url } with a data: URL'
  if (files.reduce((sum, { url }) => sum + url.length, 0) > mostFileText) return 'The files are too large'
  return text.trim() === '' && files.length === 0 ? 'A message says something' : undefined
}
