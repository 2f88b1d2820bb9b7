import type { ChatMessage, UseChatResult } from 'hawser/react'
import { useLayoutEffect, useRef, useState } from 'react'
import { Avatar } from '../shared/avatar'
import { ChatIcon } from '../shared/icons'
import { clockTime, dayName } from '../shared/time'
import { MessageItem } from './message'
import { sectionsOf } from './model'

interface MessageListProps {
  name: string
  chat: UseChatResult
  waiting: boolean
  onReply: (message: ChatMessage) => void
}

/** Pixels from the end that still count as being there. */
const near = 80

export function MessageList({ name, chat, waiting, onReply }: MessageListProps) {
  const { messages } = chat
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const [below, setBelow] = useState(0)
  const last = messages.at(-1)

  // Who reads the end stays there; who reads further up is told.
  useLayoutEffect(() => {
    const element = box.current
    if (element === null || last === undefined) return
    if (atEnd.current || last.own) element.scrollTop = element.scrollHeight
    else setBelow((count) => count + 1)
  }, [last?.id])
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const keep = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight
    })
    keep.observe(element)
    for (const child of element.children) keep.observe(child)
    return () => keep.disconnect()
  }, [])
  const scrolled = (): void => {
    const element = box.current
    if (element === null) return
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < near
    if (atEnd.current) setBelow(0)
  }
  const toEnd = (): void => {
    box.current?.scrollTo({ top: box.current.scrollHeight, behavior: 'smooth' })
    setBelow(0)
  }

  const byId = new Map(messages.map((message) => [message.id, message]))
  return (
    <div className="messages">
      <div className="scroll" ref={box} onScroll={scrolled} role="log" aria-label="Messages" tabIndex={0}>
        <div className="content">
          {messages.length === 0 && (waiting ? <Bones /> : <Nothing />)}
          {sectionsOf(messages).map(({ day, groups }) => (
            <section key={day} aria-label={dayName(day, Date.now())}>
              <h3 className="day">
                <span>{dayName(day, Date.now())}</span>
              </h3>
              {groups.map((group) => (
                <div key={group.key} className={group.own ? 'group own' : 'group'}>
                  <Avatar name={group.from} />
                  <div className="grow">
                    <p className="who">
                      <strong>{group.own ? 'You' : group.from}</strong>{' '}
                      <time className="small muted number" dateTime={new Date(group.at).toISOString()}>
                        {clockTime(group.at)}
                      </time>
                    </p>
                    {group.messages.map((message) => (
                      <MessageItem
                        key={message.id}
                        name={name}
                        message={message}
                        answered={message.replyTo === undefined ? undefined : byId.get(message.replyTo)}
                        isLast={message.id === last?.id}
                        chat={chat}
                        onReply={onReply}
                      />
                    ))}
                  </div>
                </div>
              ))}
            </section>
          ))}
        </div>
      </div>
      {below > 0 && (
        <button className="button tiny primary below" type="button" onClick={toEnd}>
          {below} new {below === 1 ? 'message' : 'messages'}
        </button>
      )}
    </div>
  )
}

const Nothing = () => (
  <div className="empty">
    <ChatIcon />
    <strong>Nothing has been said yet</strong>
    <span>Begin: everybody in here reads it.</span>
  </div>
)

const Bones = () => (
  <div className="bones wide" role="status" aria-label="Loading">
    {[46, 72, 58].map((width) => (
      <div key={width} className="bone" style={{ width: `${width}%` }} />
    ))}
  </div>
)
