import { useChat, usePresence } from 'hawser/react'
import type { Conversation } from '../protocol/chat'
import { Avatar } from '../shared/avatar'
import { Failure } from '../shared/shell'
import { gist } from './model'

interface SidebarProps {
  name: string
  conversations: readonly Conversation[]
  loaded: boolean
  active: string | undefined
  error: Error | undefined
  onOpen: (room: string) => void
  onPerson: (name: string) => void
}

export function Sidebar({ name, conversations, loaded, active, error, onOpen, onPerson }: SidebarProps) {
  const { present, statusOf } = usePresence({ room: 'people' })
  const rooms = conversations.filter(({ direct }) => !direct)
  const direct = conversations.filter((one) => one.direct)
  const others = present.filter(
    ({ userId }) => userId !== name && !direct.some(({ title }) => title === userId),
  )
  const item = (conversation: Conversation) => (
    <RoomItem
      key={conversation.room}
      name={name}
      conversation={conversation}
      status={conversation.direct ? statusOf(conversation.title) : undefined}
      isActive={conversation.room === active}
      onOpen={onOpen}
    />
  )
  return (
    <nav className="sidebar" aria-label="Conversations">
      <Failure error={error} />
      <h2>Rooms</h2>
      {loaded ? <ul>{rooms.map(item)}</ul> : <Bones />}
      <h2>Direct messages</h2>
      {direct.length > 0 && <ul>{direct.map(item)}</ul>}
      <ul>
        {others.map(({ userId, status }) => (
          <li key={userId}>
            <button className="room" type="button" onClick={() => onPerson(userId)}>
              <Avatar name={userId} status={status} little />
              <span className="grow clip">{userId}</span>
              <span className="unseen">{status}, write to them</span>
            </button>
          </li>
        ))}
      </ul>
      {direct.length + others.length === 0 && (
        <p className="small muted hint">
          Nobody else is here. Open this page in another window and be somebody else.
        </p>
      )}
    </nav>
  )
}

const Bones = () => (
  <div className="bones" aria-label="Loading" role="status">
    {[70, 90, 60].map((width) => (
      <div key={width} className="bone" style={{ width: `${width}%` }} />
    ))}
  </div>
)

interface RoomItemProps {
  name: string
  conversation: Conversation
  status: string | undefined
  isActive: boolean
  onOpen: (room: string) => void
}

/** Each conversation in the list is in its room, so that it knows what is unread. */
function RoomItem({ name, conversation, status, isActive, onOpen }: RoomItemProps) {
  const { room, title, direct } = conversation
  const { messages, unread, typing } = useChat(room, { user: name })
  const last = messages.at(-1)
  const words = typing.length > 0 ? 'typing …' : gist(last)
  return (
    <li>
      <button
        className="room"
        type="button"
        aria-current={isActive ? 'page' : undefined}
        onClick={() => onOpen(room)}
      >
        {direct ? (
          <Avatar name={title} {...(status !== undefined && { status })} little />
        ) : (
          <span className="hash" aria-hidden>
            #
          </span>
        )}
        <span className="grow">
          <span className={unread > 0 ? 'clip title fresh' : 'clip title'}>{title}</span>
          <span className="clip small muted preview">
            {words === ''
              ? conversation.topic
              : last !== undefined && typing.length === 0 && !direct
                ? `${last.from}: ${words}`
                : words}
          </span>
        </span>
        {unread > 0 && !isActive && (
          <span className="badge">
            {unread > 99 ? '99+' : unread}
            <span className="unseen"> unread</span>
          </span>
        )}
      </button>
    </li>
  )
}
