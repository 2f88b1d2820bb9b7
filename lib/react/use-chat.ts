// A chat room in a component.
import { useEffect, useMemo } from 'react'
import type { ChatFile } from './chat-protocol'
import { ChatStore } from './chat-store'
import { useConnection, useLatest, useStoreWith, useSurroundings } from './context'
import { sharedStore } from './shared-stores'
import type { SomeClientOption } from './use-messages'

/** How far a message of one's own has come. */
export type ChatStatus = 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

export interface ChatMessage {
  id: string
  text: string
  /** User that wrote it; '' where the hub knows no users. */
  from: string
  /** Milliseconds since the epoch. */
  at: number
  own: boolean
  /** Of one's own messages how far they have come; those of others are 'sent', or 'read' once they are marked so. */
  status: ChatStatus
  /** Why it has failed. */
  error: Error | undefined
  files: readonly ChatFile[]
  replyTo: string | undefined
  /** Users by emoji. */
  reactions: Readonly<Record<string, readonly string[]>>
  /** Others that have read it. */
  readBy: readonly string[]
  data: unknown
}

/** What files are to `useChat`: a File of the page, or anything like it. */
export interface FileSource {
  readonly name: string
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
}

export interface ChatDraft {
  text?: string
  files?: Iterable<FileSource>
  replyTo?: string
  /** JSON. */
  data?: unknown
}

export interface UseChatOptions extends SomeClientOption {
  /** Who this is, as the hub calls it; messages, reactions and marks of one's own are known by it. */
  user?: string
  /** So many of the latest messages that the room keeps come first. Default 50. */
  last?: number
  /** Messages that are kept here. Default 500. */
  limit?: number
  /** Messages of one's own that the hub may not have, waiting or failed; above it `send` throws. Default 100. */
  maxPending?: number
  /** Mark what comes as read while the page is looked at. Default false: `markRead()` does. */
  autoRead?: boolean
  /** Milliseconds after which somebody who has not gone on typing is not typing any more. Default 3000. */
  typingTimeout?: number
  /**
   * Puts a file where others can have it. Default: into the message, as a `data:` URL. The signal aborts when the message is
   * discarded, or another file of it fails; and when nobody shows the room any more: the message waits then, and its files
   * are put again once somebody does.
   */
  upload?: (file: FileSource, signal: AbortSignal) => Promise<string>
  /** Bytes of a file that goes into the message. Default 262144 (256 KiB). */
  maxInlineSize?: number
  /** Called for each message of others that is new. */
  onMessage?: (message: ChatMessage) => void
}

export interface UseChatResult {
  /** Oldest first. */
  messages: readonly ChatMessage[]
  /** Users that are typing, without oneself. */
  typing: readonly string[]
  /** Messages of others since the last that was marked as read. */
  unread: number
  /** By user the id of the latest message that was read. */
  readMarks: Readonly<Record<string, string>>
  /** Whether the hub has let us in; false also while there is no connection. */
  joined: boolean
  /** Why the room cannot be joined; or what was missed for good. */
  error: Error | undefined
  /**
   * Shows the message at once and sends it. Returns its id, '' where there is nothing to say.
   * @throws HawserError `QUEUE_FULL`: `maxPending` messages wait, or have failed; nothing of it was taken.
   */
  send(message: string | ChatDraft): string
  /** Sends a message that has failed once more. */
  retry(id: string): void
  /** Takes a message that has failed away. */
  discard(id: string): void
  /** To be called at each key: tells the others at most each second, and when it is over. */
  setTyping(typing?: boolean): void
  /** Sets a reaction, or takes it back. */
  react(messageId: string, emoji: string, on?: boolean): void
  /** Marks everything up to the message, by default all, as read. */
  markRead(messageId?: string): void
}

/**
 * A chat room: joins it, shows what is said there, and says something. Components that name the same room share all
 * of it; the options of the first count.
 *
 * @example const { messages, send, typing, setTyping } = useChat('lobby', { user: 'ann' })
 */
export function useChat(room: string, options: UseChatOptions = {}): UseChatResult {
  const { client, user, onMessage } = options
  const surroundings = useSurroundings()
  const connection = useConnection('useChat', client)
  const store = useMemo(
    () =>
      sharedStore(connection, surroundings, JSON.stringify(['chat', room, user]), () => {
        return new ChatStore(surroundings, connection, room, options)
      }),
    // The other options are those of the first rendering.
    [connection, surroundings, room, user],
  )
  const heard = useLatest(onMessage)
  useEffect(() => {
    store.hears.add(heard)
    return () => void store.hears.delete(heard)
  }, [store, heard])
  return useStoreWith(store)
}
