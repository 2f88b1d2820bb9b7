import { useChat, type ChatMessage } from 'hawser/react'
import { useEffect, useRef, useState, type SubmitEvent, type ReactNode } from 'react'
import { clock } from './format'
import { useLive } from './use-live'

const longest = 500

export function Chat({ me }: { me: string }): ReactNode {
  const { messages, typing, joined, send, retry, setTyping } = useChat('chat', {
    user: me,
    last: 50,
    limit: 200,
  })
  const people = useLive((snapshot) => snapshot.people)
  const [text, setText] = useState('')
  const list = useRef<HTMLDivElement>(null)
  const last = messages.at(-1)?.id

  useEffect(() => {
    const element = list.current
    if (element !== null) element.scrollTop = element.scrollHeight
  }, [last])

  function submit(event: SubmitEvent): void {
    event.preventDefault()
    if (send(text.trim()) === '') return
    setText('')
    setTyping(false)
  }

  return (
    <section className="chat card" aria-labelledby="chat-title">
      <div className="spread">
        <h2 id="chat-title">Chat</h2>
        <p className="small muted clip" title={people.names.join(', ')} data-people={people.count}>
          {people.names.length === 0 ? 'nobody yet' : people.names.join(', ')}
        </p>
      </div>
      <div className="scroll" ref={list} role="log" aria-label="Messages" tabIndex={0}>
        <ol>
          {messages.length === 0 && (
            <li className="empty small">Say something. It is kept through every restart.</li>
          )}
          {messages.map((message) => (
            <Line key={message.id} message={message} retry={retry} />
          ))}
        </ol>
      </div>
      <p className="typing small muted" aria-live="polite">
        {typing.length > 0 && `${typing.join(', ')} ${typing.length === 1 ? 'is' : 'are'} writing …`}
        {typing.length === 0 && !joined && 'Not connected: what you write waits.'}
      </p>
      <form className="row" onSubmit={submit}>
        <label className="unseen" htmlFor="chat-text">
          Message
        </label>
        <input
          id="chat-text"
          className="input grow"
          value={text}
          maxLength={longest}
          autoComplete="off"
          placeholder="Write to everybody here"
          onChange={(event) => {
            setText(event.target.value)
            setTyping(event.target.value !== '')
          }}
        />
        <button type="submit" className="button primary" disabled={text.trim() === ''}>
          Send
        </button>
      </form>
    </section>
  )
}

const states: Record<ChatMessage['status'], string> = {
  sending: 'waits',
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'failed',
}

function Line({ message, retry }: { message: ChatMessage; retry: (id: string) => void }): ReactNode {
  const { id, own, from, text, at, status } = message
  return (
    <li className={own ? 'line own' : 'line'} data-status={status}>
      <p className="small muted">
        {own ? 'You' : from} <time className="number">{clock(at)}</time>
        {own && <span className={`state ${status}`}> {states[status]}</span>}
        {status === 'failed' && (
          <button type="button" className="button quiet tiny" onClick={() => retry(id)}>
            Send again
          </button>
        )}
      </p>
      <p className="text">{text}</p>
    </li>
  )
}
