// What `useChat` and its hub say to each other; docs/react.md has it as a table. `Hub<ChatProtocol>` types the other half.

/** A file of a message: where it lies, or the file itself. */
export interface ChatFile {
  name: string
  /** Bytes. */
  size: number
  /** MIME type, or ''. */
  type: string
  /** Where it can be had; small files are in a `data:` URL. */
  url: string
}

/** A message as it goes over the wire. */
export interface ChatMessagePayload {
  /** Chosen by who writes it; the same in all copies. */
  id: string
  text: string
  /** Who wrote it; the hub fills it in. */
  from?: string
  /** Milliseconds since the epoch, by the hub's clock; the hub fills it in. */
  at?: number
  files?: ChatFile[]
  /** Id of the message that this one answers. */
  replyTo?: string
  /** What the program wants to add; JSON. */
  data?: unknown
}
export interface ChatTypingPayload {
  typing: boolean
  /** The hub fills it in. */
  from?: string
}
/** Everything up to the message has been read, or has arrived. */
export interface ChatMarkPayload {
  upTo: string
  /** The hub fills it in. */
  from?: string
}
export interface ChatReactionPayload {
  messageId: string
  emoji: string
  /** False: taken back. */
  on: boolean
  /** The hub fills it in. */
  from?: string
}

/** Both directions have the same types: the hub checks them, fills in `from` and `at`, and says them to the room. */
export interface ChatMessages {
  'chat.message': ChatMessagePayload
  'chat.typing': ChatTypingPayload
  'chat.delivered': ChatMarkPayload
  'chat.read': ChatMarkPayload
  'chat.reaction': ChatReactionPayload
}
export interface ChatProtocol {
  receive: ChatMessages
  send: ChatMessages
  requests: object
}
