import { useConnectionStatus, usePresence } from 'hawser/react'
import { Avatar } from '../shared/avatar'
import { Offline } from '../shared/shell'
import { TextField } from './text-field'
import { useSharedText } from './use-shared-text'

export function EditorPage({ name }: { name: string }) {
  const { shared, text, carets, ready, unsaved } = useSharedText()
  const { present } = usePresence({ room: 'editor' })
  const { isConnected } = useConnectionStatus({ poll: 0 })
  const words = text.trim() === '' ? 0 : text.trim().split(/\s+/u).length
  return (
    <main className="page" id="main">
      <Offline>Go on writing: it is merged once you are back.</Offline>
      <section className="card sheet" aria-labelledby="sheet-title">
        <header className="spread">
          <h2 id="sheet-title">Notes of the team</h2>
          <ul
            className="faces row"
            aria-label={`Here now: ${present.map(({ userId }) => userId).join(', ')}`}
          >
            {present.slice(0, 8).map(({ userId, status }) => (
              <li key={userId} title={userId}>
                <Avatar name={userId} status={status} little />
              </li>
            ))}
          </ul>
        </header>
        {shared === undefined || !ready ? (
          <div className="stack" role="status" aria-label="Loading">
            {[92, 80, 86, 40].map((width) => (
              <div key={width} className="bone line" style={{ width: `${width}%` }} />
            ))}
          </div>
        ) : (
          <TextField name={name} shared={shared} text={text} carets={carets} />
        )}
        <footer className="spread small muted">
          <span className="number">
            {words} {words === 1 ? 'word' : 'words'}
          </span>
          <span role="status">
            {!ready ? 'Opening …' : !isConnected ? 'Only here so far' : unsaved > 0 ? 'Saving …' : 'Saved'}
          </span>
        </footer>
      </section>
    </main>
  )
}
