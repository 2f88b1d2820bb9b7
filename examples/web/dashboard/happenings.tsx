import type { ReactNode } from 'react'
import { clock } from './format'
import { useLive } from './use-live'

export function Happenings(): ReactNode {
  const entries = useLive((snapshot) => snapshot.entries)
  return (
    <section className="happenings card" aria-labelledby="happenings-title">
      <h2 id="happenings-title">What happened</h2>
      {entries.length === 0 ? (
        <p className="empty small">Nothing yet. The buttons above change that.</p>
      ) : (
        <div className="scroll" role="log" aria-labelledby="happenings-title" tabIndex={0}>
          <ol>
            {entries.map(({ id, at, tone, text }) => (
              <li key={id} className={tone}>
                <time className="small muted number" dateTime={new Date(at).toISOString()}>
                  {clock(at)}
                </time>
                <span>{text}</span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </section>
  )
}
