import { createHooks, useConnectionStatus } from 'hawser/react'
import { useEffect, useState } from 'react'
import type { ChatAppProtocol, Conversation } from '../protocol/chat'

const { useMessages, useRequest } = createHooks<ChatAppProtocol>()

/** The conversations there are for this person: the list of the hub, and those that others open meanwhile. */
export function useConversations() {
  const { data, error, request } = useRequest('chat.rooms')
  const open = useRequest('chat.open')
  const [opened, setOpened] = useState<readonly Conversation[]>([])
  const { isConnected } = useConnectionStatus({ poll: 0 })
  const add = (conversation: Conversation): void =>
    setOpened((list) =>
      list.some(({ room }) => room === conversation.room) ? list : [...list, conversation],
    )
  useMessages({ type: 'chat.opened', limit: 1, onMessage: ({ payload }) => add(payload) })
  // Once more after each reconnect: what was opened meanwhile is in the list.
  useEffect(() => {
    if (isConnected) request(null).catch(() => undefined)
  }, [isConnected, request])

  const known = data ?? []
  const fresh = opened.filter(({ room }) => !known.some((one) => one.room === room))
  return {
    loaded: data !== undefined,
    conversations: [...known, ...fresh],
    error: data === undefined ? error : open.error,
    async openWith(name: string): Promise<Conversation> {
      const conversation = await open.request({ with: name })
      add(conversation)
      return conversation
    },
  }
}
