import type { ChatFile, ChatMessage, UseChatResult } from 'hawser/react'
import { useState } from 'react'
import { FileIcon, ReplyIcon, SmileIcon } from '../shared/icons'
import { gist, sizeWords } from './model'

const emojis = ['👍', '❤️', '😄', '🎉', '👀', '🙏']

interface MessageItemProps {
  name: string
  message: ChatMessage
  answered: ChatMessage | undefined
  isLast: boolean
  chat: UseChatResult
  onReply: (message: ChatMessage) => void
}

export function MessageItem({ name, message, answered, isLast, chat, onReply }: MessageItemProps) {
  const [picking, setPicking] = useState(false)
  const { id, text, files, reactions, status } = message
  const reacted = Object.entries(reactions).filter(([, users]) => users.length > 0)
  const toggle = (emoji: string): void => {
    chat.react(id, emoji, !(reactions[emoji] ?? []).includes(name))
    setPicking(false)
  }
  return (
    <article className={`message ${status}`} aria-label={`${message.from}: ${gist(message)}`}>
      {message.replyTo !== undefined && (
        <p className="quote small muted clip">
          <strong>{answered?.from ?? 'Earlier'}</strong> {gist(answered)}
        </p>
      )}
      {text !== '' && <p className="text">{text}</p>}
      {files.length > 0 && (
        <ul className="files">
          {files.map((file, index) => (
            <li key={index}>
              <FileView file={file} />
            </li>
          ))}
        </ul>
      )}
      {reacted.length > 0 && (
        <ul className="reactions">
          {reacted.map(([emoji, users]) => (
            <li key={emoji}>
              <button
                type="button"
                aria-pressed={users.includes(name)}
                aria-label={`${emoji} ${users.length}: ${users.join(', ')}`}
                title={users.join(', ')}
                onClick={() => toggle(emoji)}
              >
                {emoji} <span className="number">{users.length}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <Fate message={message} isLast={isLast} chat={chat} />
      {status !== 'sending' && status !== 'failed' && (
        <div
          className={picking ? 'tools open' : 'tools'}
          role="group"
          aria-label="Message"
          onKeyDown={(event) => {
            if (event.key === 'Escape') setPicking(false)
          }}
        >
          {picking ? (
            emojis.map((emoji) => (
              <button
                key={emoji}
                type="button"
                aria-label={`React with ${emoji}`}
                onClick={() => toggle(emoji)}
              >
                {emoji}
              </button>
            ))
          ) : (
            <>
              <button type="button" aria-label="React" aria-expanded={false} onClick={() => setPicking(true)}>
                <SmileIcon />
              </button>
              <button type="button" aria-label="Reply" onClick={() => onReply(message)}>
                <ReplyIcon />
              </button>
            </>
          )}
        </div>
      )}
    </article>
  )
}

/** How far a message of one's own has come. Only the last one says more than that it has not arrived. */
function Fate({ message, isLast, chat }: { message: ChatMessage; isLast: boolean; chat: UseChatResult }) {
  const { id, own, status, readBy, error } = message
  if (!own) return null
  if (status === 'failed') {
    return (
      <p className="fate failed small" role="alert">
        Not sent: {error?.message ?? 'unknown'}{' '}
        <button className="button tiny" type="button" onClick={() => chat.retry(id)}>
          Try again
        </button>{' '}
        <button className="button tiny quiet" type="button" onClick={() => chat.discard(id)}>
          Discard
        </button>
      </p>
    )
  }
  if (status === 'sending') return <p className="fate small muted">Sending …</p>
  if (!isLast) return null
  const words =
    status === 'read' ? `Read by ${readBy.join(', ')}` : status === 'delivered' ? 'Delivered' : 'Sent'
  return (
    <p className={`fate small muted ${status}`}>
      <span aria-hidden>{status === 'sent' ? '✓' : '✓✓'}</span> {words}
    </p>
  )
}

function FileView({ file }: { file: ChatFile }) {
  const { name, size, type, url } = file
  // What a picture claims to be is up to who sent it: only formats that cannot hold scripts are shown.
  const isPicture = /^data:image\/(png|jpeg|gif|webp|avif);/.test(url)
  return (
    <a className={isPicture ? 'file picture' : 'file'} href={url} download={name}>
      {isPicture ? <img src={url} alt={name} /> : <FileIcon />}
      <span className="grow">
        <span className="clip">{name}</span>
        <span className="small muted">
          {sizeWords(size)}
          {type !== '' && !isPicture && `, ${type}`}
        </span>
      </span>
    </a>
  )
}
