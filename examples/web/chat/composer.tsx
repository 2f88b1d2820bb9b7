import type { ChatDraft, ChatMessage } from 'hawser/react'
import { type KeyboardEvent, type SyntheticEvent, useEffect, useRef, useState } from 'react'
import { ClipIcon, CloseIcon, SendIcon } from '../shared/icons'
import { gist, sizeWords } from './model'

interface ComposerProps {
  to: string
  answered: ChatMessage | undefined
  onAnswered: () => void
  onSend: (draft: ChatDraft) => string
  onTyping: (typing?: boolean) => void
}

const mostFiles = 4
const largest = 128 * 1024

export function Composer({ to, answered, onAnswered, onSend, onTyping }: ComposerProps) {
  const [text, setText] = useState('')
  const [files, setFiles] = useState<readonly File[]>([])
  const [refused, setRefused] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (answered !== undefined) field.current?.focus()
  }, [answered])

  const write = (value: string): void => {
    setText(value)
    onTyping(value !== '')
  }
  const attach = (list: Iterable<File>): void => {
    const all = [...files, ...list]
    const fit = all.filter(({ size }) => size <= largest).slice(0, mostFiles)
    setFiles(fit)
    setRefused(fit.length < all.length ? `At most ${mostFiles} files of ${sizeWords(largest)}` : '')
  }
  const submit = (event?: SyntheticEvent): void => {
    event?.preventDefault()
    if (text.trim() === '' && files.length === 0) return
    onSend({ text: text.trim(), files, ...(answered !== undefined && { replyTo: answered.id }) })
    onTyping(false)
    setText('')
    setFiles([])
    setRefused('')
    onAnswered()
    field.current?.focus()
  }
  const key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onAnswered()
    // While an input method composes, Enter is its own.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    submit()
  }
  return (
    <form
      className="composer"
      onSubmit={submit}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        attach(event.dataTransfer.files)
      }}
    >
      {answered !== undefined && (
        <p className="chip">
          <span className="grow clip">
            <span className="muted">Reply to</span> <strong>{answered.from}</strong> {gist(answered)}
          </span>
          <button className="button icon quiet" type="button" aria-label="No reply" onClick={onAnswered}>
            <CloseIcon />
          </button>
        </p>
      )}
      {files.length > 0 && (
        <ul className="chips" aria-label="Files">
          {files.map((file, index) => (
            <li className="chip" key={index}>
              <span className="clip">{file.name}</span>
              <span className="small muted">{sizeWords(file.size)}</span>
              <button
                className="button icon quiet"
                type="button"
                aria-label={`Without ${file.name}`}
                onClick={() => setFiles(files.filter((_, i) => i !== index))}
              >
                <CloseIcon />
              </button>
            </li>
          ))}
        </ul>
      )}
      {refused !== '' && (
        <p className="small notice" role="alert">
          {refused}
        </p>
      )}
      <div className="writing">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label="Files to send"
          onChange={(event) => {
            attach(event.target.files ?? [])
            event.target.value = ''
          }}
        />
        <button
          className="button icon quiet"
          type="button"
          aria-label="Attach files"
          onClick={() => picker.current?.click()}
        >
          <ClipIcon />
        </button>
        <textarea
          ref={field}
          className="input grow"
          rows={1}
          maxLength={4000}
          placeholder={`Message ${to}`}
          aria-label={`Message ${to}`}
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={key}
          onPaste={(event) => {
            if (event.clipboardData.files.length > 0) attach(event.clipboardData.files)
          }}
        />
        <button
          className="button icon primary"
          type="submit"
          aria-label="Send"
          disabled={text.trim() === '' && files.length === 0}
        >
          <SendIcon />
        </button>
      </div>
    </form>
  )
}
