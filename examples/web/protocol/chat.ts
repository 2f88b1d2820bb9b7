// What the chat says beside `ChatProtocol` of hawser/react: which conversations there are.
import type { ChatMessages } from 'hawser/react'

export interface Conversation {
  room: string
  /** Of a direct conversation the other's name. */
  title: string
  topic: string
  direct: boolean
}

export interface ChatAppProtocol {
  receive: ChatMessages & { 'chat.opened': Conversation }
  send: ChatMessages
  requests: {
    'chat.rooms': { request: null; reply: Conversation[] }
    /** Begins a direct conversation, or finds the one there is. */
    'chat.open': { request: { with: string }; reply: Conversation }
  }
}
