import { type ChatMessage, useChat, useConnectionStatus, usePresence } from 'hawser/react'
import { useEffect, useState } from 'react'
import type { Conversation } from '../protocol/chat'
import { Avatar } from '../shared/avatar'
import { BackIcon } from '../shared/icons'
import { Failure, Offline } from '../shared/shell'
import { Composer } from './composer'
import { MessageList } from './message-list'
import { typingWords } from './model'

interface ConversationProps {
  name: string
  conversation: Conversation
  onBack: () => void
}

export function ConversationView({ name, conversation, onBack }: ConversationProps) {
  const { room, title, topic, direct } = conversation
  const chat = useChat(room, { user: name })
  const { present } = usePresence({ room })
  const { isConnected } = useConnectionStatus({ poll: 0 })
  const [answered, setAnswered] = useState<ChatMessage>()
  const { unread, markRead } = chat
  useMarkWhileLooked(unread, markRead)

  return (
    <section className="conversation" aria-label={direct ? `Messages with ${title}` : `Room ${title}`}>
      <header className="about">
        <button
          className="button icon quiet back"
          type="button"
          aria-label="All conversations"
          onClick={onBack}
        >
          <BackIcon />
        </button>
        <div className="grow">
          <h2 className="clip">{direct ? title : `# ${title}`}</h2>
          <p className="small muted clip">{topic}</p>
        </div>
        <ul className="faces" aria-label={`Here now: ${present.map(({ userId }) => userId).join(', ')}`}>
          {present.slice(0, 5).map(({ userId, status }) => (
            <li key={userId} title={userId}>
              <Avatar name={userId} status={status} little />
            </li>
          ))}
          {present.length > 5 && <li className="small muted">+{present.length - 5}</li>}
        </ul>
      </header>
      <MessageList
        name={name}
        chat={chat}
        waiting={!chat.joined && isConnected && chat.error === undefined}
        onReply={setAnswered}
      />
      <footer className="say">
        <Offline>What you write is sent once you are back.</Offline>
        {!chat.joined && <Failure error={chat.error} />}
        <p className="typing small muted" role="status">
          {typingWords(chat.typing)}
        </p>
        <Composer
          to={direct ? title : `#${title}`}
          answered={answered}
          onAnswered={() => setAnswered(undefined)}
          onSend={chat.send}
          onTyping={chat.setTyping}
        />
      </footer>
    </section>
  )
}

/** What somebody looks at is read; what comes while the page is in the background is not. */
function useMarkWhileLooked(unread: number, markRead: () => void): void {
  useEffect(() => {
    if (unread === 0) return undefined
    const look = (): void => {
      if (document.visibilityState === 'visible') markRead()
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [unread, markRead])
}
