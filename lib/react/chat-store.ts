// A chat room over a client: hears the room, sends, and tells the others what was read and who is typing.
import type { Envelope } from '../client/protocol-map'
import { announced, placed } from './chat-files'
import type {
  ChatMarkPayload,
  ChatMessagePayload,
  ChatReactionPayload,
  ChatTypingPayload,
} from './chat-protocol'
import { ChatState, type ChatView, alike } from './chat-state'
import type { Connection } from './connection'
import { queueFull } from './engine'
import { isSeen, whenSeen } from './page'
import { type RoomLease, enterRoom } from './rooms'
import { ClientStore, type Surroundings } from './store'
import type { ChatDraft, ChatMessage, FileSource, UseChatOptions } from './use-chat'
import type { SomeClient } from './use-messages'

interface Shown extends ChatView {
  joined: boolean
  error: Error | undefined
}
interface Outgoing {
  payload: ChatMessagePayload
  /** Files that are not placed yet. */
  sources: FileSource[]
  /** Undefined: it waits. One that has failed keeps it, until somebody wants it sent again. */
  running: AbortController | undefined
}

const nothing: Shown = { messages: [], typing: [], unread: 0, readMarks: {}, joined: false, error: undefined }
/** Milliseconds between two words that somebody is typing. */
const typingEvery = 1000
/** Milliseconds that marks are gathered for. */
const marksEvery = 300

export class ChatStore extends ClientStore<Shown> {
  readonly actions = {
    send: (message: string | ChatDraft) => this.send(message),
    retry: (id: string) => this.retry(id),
    discard: (id: string) => this.discard(id),
    setTyping: (typing = true) => this.setTyping(typing),
    react: (messageId: string, emoji: string, on = true) => this.react(messageId, emoji, on),
    markRead: (messageId?: string) => this.markRead(messageId),
  }
  /** Called for each message of others that is new. */
  readonly hears = new Set<(message: ChatMessage) => void>()
  private readonly state: ChatState
  private readonly outgoing = new Map<string, Outgoing>()
  private place: RoomLease | undefined
  private lost: Error | undefined
  private typingSaid = -Infinity
  private stopTyping: (() => void) | undefined
  private expiry: (() => void) | undefined

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    private readonly room: string,
    private readonly options: UseChatOptions,
  ) {
    super(surroundings, connection)
    const { user = '', limit = 500, typingTimeout = 3000 } = options
    this.state = new ChatState(user, limit, typingTimeout)
  }

  // ------------------------------------------------------------------------------------------------------- the room

  protected attach(client: SomeClient): void {
    const { room } = this
    const subscription = client.subscribe({ type: 'chat.*', where: { '/room': room } }, (message: Envelope) =>
      this.receive(message),
    )
    this.finally(() => subscription.unsubscribe())
    const failed = ({
      room: where,
      missed,
      reason,
    }: {
      room: string
      missed: number | null
      reason: string
    }): void => {
      if (where !== room) return
      this.lost = new Error(
        missed === null
          ? `What was said meanwhile is lost (${reason})`
          : `${missed} messages are lost (${reason})`,
      )
      this.changed()
    }
    client.on('resume_failed', failed)
    this.finally(() => void client.off('resume_failed', failed))
    const place = enterRoom(client, room, this.options.last ?? 50, () => {
      if (place.state === 'joined') this.flush()
      this.changed()
    })
    this.place = place
    this.finally(() => {
      this.stopPlacing()
      place.release()
      this.place = undefined
      this.stopTyping?.()
      this.expiry?.()
      this.stopTyping = this.expiry = undefined
      this.typingSaid = -Infinity
    })
    if (this.options.autoRead === true) this.finally(whenSeen(() => this.markRead()))
    if (place.state === 'joined') this.flush()
  }

  private receive({ type, payload, userId, timestamp = 0 }: Envelope): void {
    const { state } = this
    state.heard(timestamp)
    const said = payload ?? {}
    let fresh: ChatMessage | undefined
    switch (type) {
      case 'chat.message': {
        const message = said as ChatMessagePayload
        fresh = state.message(message, userId, timestamp)
        this.outgoing.delete(message.id)
        break
      }
      case 'chat.typing':
        state.typing(said as ChatTypingPayload, userId, timestamp, this.clock.now())
        this.watchTyping()
        break
      case 'chat.delivered':
      case 'chat.read':
        state.mark(type === 'chat.read' ? 'read' : 'delivered', said as ChatMarkPayload, userId)
        break
      case 'chat.reaction':
        state.reaction(said as ChatReactionPayload, userId)
        break
    }
    this.changed()
    if (fresh !== undefined) this.heard(fresh)
  }
  private heard(message: ChatMessage): void {
    if (this.options.autoRead === true && isSeen()) this.markRead(message.id)
    else this.say('chat.delivered', { upTo: message.id }, { debounce: marksEvery, key: `d:${this.key()}` })
    for (const hears of [...this.hears]) hears(message)
  }
  /** Keys of messages that replace each other are ASCII. */
  private key(): string {
    return encodeURIComponent(this.room)
  }

  private watchTyping(): void {
    this.expiry?.()
    const { deadline } = this.state
    if (deadline === Infinity) return
    this.expiry = this.clock.after(deadline - this.clock.now(), () => {
      this.state.expire(this.clock.now())
      this.watchTyping()
      this.changed()
    })
  }

  /** What others may miss: it is not worth waiting for a connection. */
  private say(type: string, payload: object, options: object = {}): void {
    const client = this.held
    if (client?.state === 'connected') client.send(type, payload, { room: this.room, ...options })
  }

  // -------------------------------------------------------------------------------------------------------- messages

  private send(message: string | ChatDraft): string {
    const draft = typeof message === 'string' ? { text: message } : message
    const { text = '', files = [], replyTo, data } = draft
    const sources = [...files]
    if (text.trim() === '' && sources.length === 0 && data === undefined) return ''
    const { maxPending = 100 } = this.options
    if (this.outgoing.size >= maxPending) throw queueFull(maxPending)
    const id = freshId()
    const payload: ChatMessagePayload = {
      id,
      text,
      ...(sources.length > 0 && { files: sources.map(announced) }),
      ...(replyTo !== undefined && { replyTo }),
      ...(data !== undefined && { data }),
    }
    this.state.begin(payload, this.clock.now())
    this.outgoing.set(id, { payload, sources, running: undefined })
    // What was typed is said.
    this.typingSaid = -Infinity
    this.stopTyping?.()
    this.flush()
    this.changed()
    return id
  }
  private retry(id: string): void {
    const one = this.outgoing.get(id)
    if (one === undefined || !this.state.again(id)) return
    one.running = undefined
    this.flush()
    this.changed()
  }
  private discard(id: string): void {
    this.outgoing.get(id)?.running?.abort()
    this.outgoing.delete(id)
    this.state.discard(id)
    this.changed()
  }

  /**
   * Lets out what waits. The room comes first: a hub takes nothing for rooms that one is not in. Once one has been let in,
   * the client itself holds what is sent until it is in the room again.
   */
  private flush(): void {
    const client = this.held
    if (client === undefined || this.place?.entered !== true) return
    for (const [id, one] of this.outgoing) {
      if (one.running !== undefined) continue
      const running = (one.running = new AbortController())
      this.deliver(client, id, one, running).catch((error: unknown) => {
        // Discarded, or put off: whatever becomes of it then is nobody's business.
        if (this.outgoing.get(id) !== one || one.running !== running) return
        running.abort()
        this.state.failed(id, error as Error)
        this.changed()
      })
    }
  }
  /** Nobody looks any more: files that are on their way stay here, and wait with their messages. */
  private stopPlacing(): void {
    for (const one of this.outgoing.values()) {
      if (one.running === undefined || one.running.signal.aborted || one.sources.length === 0) continue
      const { running } = one
      one.running = undefined
      running.abort()
    }
  }
  private async deliver(
    client: SomeClient,
    id: string,
    one: Outgoing,
    running: AbortController,
  ): Promise<void> {
    if (one.sources.length > 0) {
      const { upload, maxInlineSize = 262_144 } = this.options
      const placing = one.sources.map((file) => placed(file, upload, maxInlineSize, running.signal))
      const files = await Promise.all(placing)
      if (running.signal.aborted) return
      one.payload = { ...one.payload, files }
      one.sources = []
      this.state.files(id, files)
    }
    const { signal } = running
    await client.send('chat.message', one.payload, { room: this.room, ack: true, signal })
    this.outgoing.delete(id)
    this.state.sent(id)
    this.changed()
  }

  // ------------------------------------------------------------------------------------------- typing, marks, reactions

  private setTyping(typing: boolean): void {
    const now = this.clock.now()
    const { typingTimeout = 3000 } = this.options
    this.stopTyping?.()
    this.stopTyping = undefined
    if (!typing) {
      if (this.typingSaid !== -Infinity) this.say('chat.typing', { typing: false })
      this.typingSaid = -Infinity
      return
    }
    if (now - this.typingSaid >= typingEvery) {
      this.typingSaid = now
      this.say('chat.typing', { typing: true }, { ttl: typingTimeout })
    }
    this.stopTyping = this.clock.after(typingTimeout, () => this.setTyping(false))
  }

  private react(messageId: string, emoji: string, on: boolean): void {
    this.state.reaction({ messageId, emoji, on, from: this.state.user }, undefined)
    this.held?.send('chat.reaction', { messageId, emoji, on }, { room: this.room })
    this.changed()
  }

  private markRead(messageId = this.state.latest): void {
    if (messageId === undefined || !this.state.ahead(messageId)) return
    this.state.mark('read', { upTo: messageId, from: this.state.user }, undefined)
    this.held?.send(
      'chat.read',
      { upTo: messageId },
      { room: this.room, debounce: marksEvery, key: `r:${this.key()}` },
    )
    this.changed()
  }

  // ----------------------------------------------------------------------------------------------------------- shown

  protected compose(): Shown {
    const view = this.state.show()
    const { messages, typing, readMarks } = this.kept ?? view
    // Lists that say the same stay the same.
    if (alike(messages, view.messages)) view.messages = messages
    if (alike(typing, view.typing)) view.typing = typing
    if (alike(Object.entries(readMarks).flat(), Object.entries(view.readMarks).flat()))
      view.readMarks = readMarks
    this.kept = view
    const joined = this.place?.state === 'joined'
    return { ...view, joined, error: this.place?.error ?? this.lost }
  }
  private kept: ChatView | undefined
  protected initial(): Shown {
    return nothing
  }
}

/** Members of the room cannot guess it: copies of a message are known by its id. */
function freshId(): string {
  // `randomUUID` is missing in pages that did not come over TLS.
  const parts = globalThis.crypto.getRandomValues(new Uint32Array(4))
  return Array.from(parts, (part) => part.toString(36)).join('-')
}
