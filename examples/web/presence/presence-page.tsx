import { type Presence, usePresence } from 'hawser/react'
import { useEffect, useState } from 'react'
import { Avatar } from '../shared/avatar'
import { Field } from '../shared/field'
import { PeopleIcon } from '../shared/icons'
import { Failure, Offline } from '../shared/shell'
import { relativeTime } from '../shared/time'
import { useNow } from '../shared/use-now'
import { floorOf, type Place, places, whereaboutsOf } from './model'
import { useIdle } from './use-idle'

/** People whose going is noticed. */
const mostSeen = 50

export function PresencePage({ name }: { name: string }) {
  const { present, ready, error, setStatus } = usePresence({ room: 'presence' })
  // Who leaves the room is no more in its list; so those that were seen are watched.
  const [seen, setSeen] = useState<readonly string[]>([])
  useEffect(() => {
    setSeen((before) => {
      const fresh = present.map(({ userId }) => userId).filter((userId) => !before.includes(userId))
      return fresh.length === 0 ? before : [...before, ...fresh].slice(-mostSeen)
    })
  }, [present])
  const watched = usePresence({ users: seen })
  const users = [
    ...present,
    ...watched.users.filter(
      ({ userId, status }) => status === 'offline' && !present.some((one) => one.userId === userId),
    ),
  ]
  const { rooms, gone } = floorOf(users)
  return (
    <main className="page" id="main">
      <Offline>Others see you as gone for now.</Offline>
      <Failure error={error} />
      <div className="office">
        <Me name={name} setStatus={setStatus} />
        <section aria-labelledby="floor-title">
          <div className="spread">
            <h2 id="floor-title">The floor</h2>
            <p className="muted small" role="status">
              {ready ? `${present.length} here` : 'Looking around …'}
            </p>
          </div>
          <div className="floor">
            {[...rooms].map(([place, people]) => (
              <section key={place} className="card place" aria-label={place}>
                <h3 className="spread">
                  {place} <span className="muted number">{people.length}</span>
                </h3>
                {!ready ? (
                  <div className="bone" />
                ) : (
                  <ul>
                    {people.map((person) => (
                      <Person key={person.userId} person={person} isMe={person.userId === name} />
                    ))}
                  </ul>
                )}
                {ready && people.length === 0 && <p className="muted small">Nobody</p>}
              </section>
            ))}
          </div>
          {gone.length > 0 && (
            <section className="gone" aria-labelledby="gone-title">
              <h3 id="gone-title">Gone</h3>
              <ul>
                {gone.map((person) => (
                  <Person key={person.userId} person={person} isMe={person.userId === name} />
                ))}
              </ul>
            </section>
          )}
          {ready && present.length <= 1 && (
            <div className="empty">
              <PeopleIcon />
              <strong>Only you so far</strong>
              <span>Open this page in another window and be somebody else.</span>
            </div>
          )}
        </section>
      </div>
    </main>
  )
}

function Person({ person, isMe }: { person: Presence; isMe: boolean }) {
  const { userId, status, lastSeen } = person
  const now = useNow()
  const { note } = whereaboutsOf(person)
  const words = status === 'offline' ? `seen ${relativeTime(lastSeen, now)}` : note
  return (
    <li className={`person-row ${status}`}>
      <Avatar name={userId} status={status} />
      <span className="grow">
        <span className="clip name">
          {userId}
          {isMe && <span className="muted"> (you)</span>}
        </span>
        <span className="clip small muted">{words === '' ? status : words}</span>
      </span>
      <span className="unseen">{status}</span>
    </li>
  )
}

/** What one says of oneself. Who does nothing for a while is away by itself. */
function Me({ name, setStatus }: { name: string; setStatus: ReturnType<typeof usePresence>['setStatus'] }) {
  const [place, setPlace] = useState<Place>('Desk')
  const [draft, setDraft] = useState('')
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const idle = useIdle(2 * 60_000)
  const status = busy || idle ? 'away' : 'online'
  useEffect(() => setStatus(status, { place, note }), [setStatus, status, place, note])
  return (
    <aside className="card me" aria-label="You">
      <div className="row">
        <Avatar name={name} status={status} />
        <div className="grow">
          <h2 className="clip">{name}</h2>
          <p className="small muted" role="status">
            {status === 'online' ? 'Online' : busy ? 'Away' : 'Away, since you do nothing'}
          </p>
        </div>
      </div>
      <div className="choice" role="group" aria-label="Status">
        <button type="button" aria-pressed={!busy} onClick={() => setBusy(false)}>
          <span className="dot online" /> Online
        </button>
        <button type="button" aria-pressed={busy} onClick={() => setBusy(true)}>
          <span className="dot away" /> Away
        </button>
      </div>
      <Field label="Where">
        <select
          className="input"
          value={place}
          onChange={(event) => setPlace(places.find((one) => one === event.target.value) ?? 'Desk')}
        >
          {places.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </Field>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setNote(draft.trim())
        }}
      >
        <label className="field" htmlFor="note">
          What are you at?
        </label>
        <span className="row">
          <input
            id="note"
            className="input"
            maxLength={80}
            value={draft}
            placeholder="Reviewing"
            onChange={(event) => setDraft(event.target.value)}
          />
          <button className="button" type="submit" disabled={draft.trim() === note}>
            Set
          </button>
        </span>
      </form>
    </aside>
  )
}
