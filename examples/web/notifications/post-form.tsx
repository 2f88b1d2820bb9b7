import { createHooks, type NotificationPriority, useConnectionStatus } from 'hawser/react'
import { type SyntheticEvent, useState } from 'react'
import type { NotificationAppProtocol } from '../protocol/notifications'
import { tidyName } from '../shared/people'
import { Field } from '../shared/field'
import { Failure } from '../shared/shell'

const { useRequest } = createHooks<NotificationAppProtocol>()
const priorities: NotificationPriority[] = ['low', 'normal', 'high', 'urgent']

export function PostForm({ name }: { name: string }) {
  const { request, isPending, data, error } = useRequest('notification.post')
  const { isConnected } = useConnectionStatus({ poll: 0 })
  const [to, setTo] = useState<'me' | 'all' | 'one'>('me')
  const [person, setPerson] = useState('')
  const [title, setTitle] = useState('')
  const [body, setBody] = useState('')
  const [priority, setPriority] = useState<NotificationPriority>('normal')
  const target = to === 'all' ? null : to === 'me' ? name : tidyName(person)

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (target === undefined || title.trim() === '') return
    request({ to: target, title, body, priority }).then(
      () => {
        setTitle('')
        setBody('')
      },
      () => undefined, // it is in `error`
    )
  }
  return (
    <form className="card post" onSubmit={submit} aria-labelledby="post-title">
      <h2 id="post-title">Tell somebody</h2>
      <Field label="To">
        <select className="input" value={to} onChange={(event) => setTo(event.target.value as typeof to)}>
          <option value="me">Me</option>
          <option value="all">Everybody</option>
          <option value="one">One person …</option>
        </select>
      </Field>
      {to === 'one' && (
        <Field label="Name">
          <input
            className="input"
            required
            value={person}
            maxLength={24}
            onChange={(event) => setPerson(event.target.value)}
          />
        </Field>
      )}
      <Field label="Title">
        <input
          className="input"
          required
          maxLength={120}
          value={title}
          placeholder="The build is green"
          onChange={(event) => setTitle(event.target.value)}
        />
      </Field>
      <Field label="More">
        <textarea
          className="input"
          rows={2}
          maxLength={500}
          value={body}
          onChange={(event) => setBody(event.target.value)}
        />
      </Field>
      <fieldset className="priorities">
        <legend>Priority</legend>
        {priorities.map((one) => (
          <label key={one} className={priority === one ? 'on' : undefined}>
            <input
              type="radio"
              name="priority"
              value={one}
              checked={priority === one}
              onChange={() => setPriority(one)}
            />
            {one}
          </label>
        ))}
      </fieldset>
      <Failure error={error} />
      <div className="spread">
        <p className="small muted" role="status">
          {data !== undefined && !isPending && `Told ${data === 1 ? 'one person' : `${data} people`}.`}
        </p>
        <button className="button primary" type="submit" disabled={isPending || !isConnected}>
          Send
        </button>
      </div>
    </form>
  )
}
