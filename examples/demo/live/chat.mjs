// The chat of the page: what the hooks of hawser/react say, checked and said to everybody in the room.

const longest = 500
const kept = new Set(['chat.message', 'chat.reaction'])
const isId = (value) => typeof value === 'string' && value.length > 0 && value.length <= 64

/**
 * @param {typeof import('hawser')} hawser
 * @param {import('hawser').Hub} hub
 */
export function chat({ HubError }, hub) {
  const wrong = (words) => {
    throw new HubError('INVALID_MESSAGE', words)
  }
  /** What a visitor may say of each kind: the fields that go on. */
  const kinds = {
    'chat.message': ({ id, text }) => {
      if (!isId(id) || typeof text !== 'string' || text.trim() === '') wrong('a message has an id and a text')
      if (text.length > longest) wrong(`a message has at most ${longest} characters`)
      return { id, text, at: Date.now() }
    },
    'chat.typing': ({ typing }) => ({ typing: typing === true }),
    'chat.delivered': ({ upTo }) => (isId(upTo) ? { upTo } : wrong('a mark has an id')),
    'chat.read': ({ upTo }) => (isId(upTo) ? { upTo } : wrong('a mark has an id')),
    'chat.reaction': ({ messageId, emoji, on }) =>
      isId(messageId) && typeof emoji === 'string' && emoji.length <= 16
        ? { messageId, emoji, on: on === true }
        : wrong('a reaction has the id of a message and an emoji'),
  }
  for (const [type, read] of Object.entries(kinds)) {
    hub.on(type, async (payload, { userId }, { room }) => {
      if (room !== 'chat') wrong('the chat is in the room `chat`')
      const said = { ...read(payload ?? {}), from: userId }
      // Resolves, and so is acknowledged, when the message is where it survives this process. What is of the moment is
      // not kept: a room keeps nothing that is sent with a condition.
      if (kept.has(type)) await hub.to(room).post(type, said)
      else
        hub
          .to(room)
          .where(() => true)
          .send(type, said)
    })
  }
}
