// What is known of a chat room: messages in the hub's order, how far they have come, who is typing. Times are passed in.
import type {
  ChatFile,
  ChatMarkPayload,
  ChatMessagePayload,
  ChatReactionPayload,
  ChatTypingPayload,
} from './chat-protocol'
import type { ChatMessage, ChatStatus } from './use-chat'

interface Entry {
  readonly id: string
  text: string
  from: string
  at: number
  own: boolean
  status: 'sending' | 'sent' | 'failed'
  error: Error | undefined
  files: readonly ChatFile[]
  replyTo: string | undefined
  data: unknown
  /** Users by emoji, in the order in which they came. */
  reactions: Map<string, Set<string>>
  shownReactions: Readonly<Record<string, readonly string[]>>
  shown: ChatMessage | undefined
}

export interface ChatView {
  messages: readonly ChatMessage[]
  typing: readonly string[]
  unread: number
  readMarks: Readonly<Record<string, string>>
}

/** Users whose marks and typing are kept. */
const mostUsers = 1000
/** Emojis of one message. */
const mostReactions = 50
const none = Object.freeze({})

export class ChatState {
  /** Those that the hub has, by its time. */
  private confirmed: Entry[] = []
  /** One's own that it may not have. */
  private pending: Entry[] = []
  private readonly byId = new Map<string, Entry>()
  private readonly read = new Map<string, string>()
  private readonly arrived = new Map<string, string>()
  private readonly typists = new Map<string, number>()
  /** The latest time of the hub that was heard of. */
  private hubTime = 0

  constructor(
    /** Who this is; learned from what comes back where it is not said. */
    public user: string,
    private readonly limit: number,
    private readonly typingTimeout: number,
  ) {}

  // --------------------------------------------------------------------------------------------------- from the hub

  /** Returns the message if it is new and of somebody else. */
  message(payload: ChatMessagePayload, sender: string | undefined, at: number): ChatMessage | undefined {
    const { id } = payload
    if (typeof id !== 'string' || id === '') return undefined
    const from = payload.from ?? sender ?? ''
    this.typists.delete(from)
    const known = this.byId.get(id)
    if (known !== undefined) {
      if (this.pending.includes(known)) {
        if (this.user === '') this.user = from
        known.from = from
        known.files = payload.files ?? known.files
        this.confirm(known, payload.at ?? at)
      }
      // What the hub has said once stays: a copy may be of anybody who has seen the id.
      return undefined
    }
    const own = from !== '' && from === this.user
    const text = typeof payload.text === 'string' ? payload.text : ''
    const entry = entryOf({ ...payload, text }, { from, at: payload.at ?? at, own, status: 'sent' })
    this.byId.set(id, entry)
    this.place(entry)
    this.trim()
    return own ? undefined : this.view(entry, [])
  }

  typing(
    { typing, from = '' }: ChatTypingPayload,
    sender: string | undefined,
    at: number,
    now: number,
  ): void {
    const who = sender ?? from
    if (who === '' || who === this.user) return
    this.hubTime = Math.max(this.hubTime, at)
    // What a room has kept comes again to those who join.
    const old = at > 0 && this.hubTime - at > this.typingTimeout
    if (typing && !old && this.typists.size < mostUsers) this.typists.set(who, now + this.typingTimeout)
    else this.typists.delete(who)
  }

  mark(kind: 'read' | 'delivered', { upTo, from = '' }: ChatMarkPayload, sender: string | undefined): void {
    const who = sender ?? from
    const marks = kind === 'read' ? this.read : this.arrived
    if (typeof upTo !== 'string' || (marks.size >= mostUsers && !marks.has(who))) return
    const before = marks.get(who)
    if (before === undefined || this.indexOf(upTo) >= this.indexOf(before)) marks.set(who, upTo)
  }

  reaction({ messageId, emoji, on, from = '' }: ChatReactionPayload, sender: string | undefined): void {
    const entry = this.byId.get(messageId)
    if (entry === undefined || typeof emoji !== 'string') return
    const who = sender ?? from
    const users = entry.reactions.get(emoji) ?? new Set()
    if (on) {
      if (!entry.reactions.has(emoji) && entry.reactions.size >= mostReactions) return
      entry.reactions.set(emoji, users.add(who))
    } else if (users.delete(who) && users.size === 0) entry.reactions.delete(emoji)
    entry.shownReactions = Object.fromEntries([...entry.reactions].map(([name, who]) => [name, [...who]]))
    entry.shown = undefined
  }

  /** Time of a message of the hub, whatever it says. */
  heard(at: number): void {
    this.hubTime = Math.max(this.hubTime, at)
  }

  // ------------------------------------------------------------------------------------------------------- one's own

  begin(payload: ChatMessagePayload, now: number): void {
    const entry = entryOf(payload, { from: this.user, at: now, own: true, status: 'sending' })
    this.byId.set(payload.id, entry)
    this.pending.push(entry)
  }
  /** The hub has it. */
  sent(id: string): void {
    const entry = this.byId.get(id)
    if (entry !== undefined && this.pending.includes(entry)) this.confirm(entry, entry.at)
  }
  failed(id: string, error: Error): void {
    this.settle(id, 'failed', error)
  }
  again(id: string): boolean {
    return this.byId.get(id)?.status === 'failed' && this.settle(id, 'sending', undefined)
  }
  files(id: string, files: readonly ChatFile[]): void {
    const entry = this.byId.get(id)
    if (entry === undefined) return
    entry.files = files
    entry.shown = undefined
  }
  discard(id: string): void {
    const entry = this.byId.get(id)
    if (entry === undefined || !this.pending.includes(entry)) return
    this.byId.delete(id)
    this.pending = this.pending.filter((other) => other !== entry)
  }
  private settle(id: string, status: Entry['status'], error: Error | undefined): boolean {
    const entry = this.byId.get(id)
    if (entry === undefined || !this.pending.includes(entry)) return false
    entry.status = status
    entry.error = error
    entry.shown = undefined
    return true
  }

  /** Id of the latest message that the hub has. */
  get latest(): string | undefined {
    return this.confirmed.at(-1)?.id
  }
  /** Whether the user has read less than that. */
  ahead(messageId: string): boolean {
    const before = this.read.get(this.user)
    return before === undefined || this.indexOf(messageId) > this.indexOf(before)
  }

  // ---------------------------------------------------------------------------------------------------------- typing

  /** When somebody stops typing next; Infinity: nobody types. */
  get deadline(): number {
    return Math.min(...this.typists.values())
  }
  expire(now: number): void {
    for (const [who, until] of this.typists) if (until <= now) this.typists.delete(who)
  }

  // ----------------------------------------------------------------------------------------------------------- shown

  view(entry: Entry, readBy: readonly string[], arrived = false): ChatMessage {
    const status: ChatStatus = !entry.own
      ? entry.status
      : entry.status === 'sent' && readBy.length > 0
        ? 'read'
        : entry.status === 'sent' && arrived
          ? 'delivered'
          : entry.status
    const { shown } = entry
    // A message that is as it was stays the same object: its component need not be rendered.
    if (shown?.status === status && alike(shown.readBy, readBy)) return shown
    const { id, text, from, at, own, error, files, replyTo, data, shownReactions } = entry
    const fields = { id, text, from, at, own, status, error, files, replyTo, data }
    return (entry.shown = { ...fields, reactions: shownReactions, readBy })
  }

  show(): ChatView {
    const positions = new Map(this.confirmed.map(({ id }, i) => [id, i]))
    const marks = [...this.read].map(([who, id]) => ({ who, at: positions.get(id) ?? -1 }))
    const arrived = Math.max(
      -1,
      ...[...this.arrived, ...this.read]
        .filter(([who]) => who !== this.user)
        .map(([, id]) => positions.get(id) ?? -1),
    )
    const mine = marks.find(({ who }) => who === this.user)?.at ?? -1
    let unread = 0
    const messages = this.confirmed.map((entry, i) => {
      if (!entry.own && i > mine) unread++
      const readBy = marks.filter(({ who, at }) => at >= i && who !== entry.from && who !== this.user)
      return this.view(
        entry,
        readBy.map(({ who }) => who),
        arrived >= i,
      )
    })
    for (const entry of this.pending) messages.push(this.view(entry, []))
    return {
      messages,
      typing: [...this.typists.keys()],
      unread,
      readMarks: this.read.size === 0 ? none : Object.fromEntries(this.read),
    }
  }

  // ----------------------------------------------------------------------------------------------------------- inside

  private confirm(entry: Entry, at: number): void {
    this.pending = this.pending.filter((other) => other !== entry)
    entry.status = 'sent'
    entry.error = undefined
    entry.at = at
    entry.shown = undefined
    this.place(entry)
    this.trim()
  }
  /** By the hub's time; of one time in the order of coming. */
  private place(entry: Entry): void {
    let i = this.confirmed.length
    while (i > 0 && this.confirmed[i - 1].at > entry.at) i--
    this.confirmed.splice(i, 0, entry)
  }
  private trim(): void {
    const over = this.confirmed.length - this.limit
    if (over <= 0) return
    for (const { id } of this.confirmed.splice(0, over)) this.byId.delete(id)
  }
  /** -1: older than all that are kept, or not known. */
  private indexOf(id: string): number {
    return this.confirmed.findIndex((entry) => entry.id === id)
  }
}

function entryOf(
  { id, text, files = [], replyTo, data }: ChatMessagePayload,
  rest: Pick<Entry, 'from' | 'at' | 'own' | 'status'>,
): Entry {
  const fields = { id, text, files, replyTo, data, error: undefined }
  return { ...fields, ...rest, reactions: new Map(), shownReactions: none, shown: undefined }
}

export function alike(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}
