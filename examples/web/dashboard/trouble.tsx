// The buttons that make trouble, and how far it has got.
import { useEffect, useState, type ReactNode } from 'react'
import { useConnectionStatus } from 'hawser/react'
import type { DashboardClient } from './live'
import { useLiveModel } from './use-live'

type Kind = 'cut' | 'restart' | 'block'
interface Asked {
  kind: Kind
  /** Milliseconds since the epoch at which it is over, as far as that is known. */
  until: number | undefined
}

const acts: { kind: Kind; title: string; words: string }[] = [
  {
    kind: 'cut',
    title: 'Cut my connection',
    words:
      'The server drops this page without a goodbye and refuses it for 4 s. Write something in the chat: it waits, then goes out.',
  },
  {
    kind: 'restart',
    title: 'Kill the server',
    words:
      'SIGKILL, and another process takes its port. The page comes back and gets what it missed, nothing twice.',
  },
  {
    kind: 'block',
    title: 'Block its event loop for 5 s',
    words: 'JavaScript stands still. Heartbeats, the feed and this connection go on, on the I/O thread.',
  },
]

export function Trouble({ client }: { client: DashboardClient }): ReactNode {
  const live = useLiveModel()
  const { isConnected } = useConnectionStatus({ poll: 0 })
  const [asked, setAsked] = useState<Asked>()

  async function make(kind: Kind): Promise<void> {
    setAsked({ kind, until: undefined })
    try {
      const { ms } = await client.request(`demo.${kind}`, {}, { timeout: 4_000 })
      setAsked({ kind, until: Date.now() + ms })
      if (kind === 'block')
        live.note('trouble', 'The event loop of the service stands still. Heartbeats do not.')
    } catch (error) {
      setAsked(undefined)
      // A server that was killed may have had no time for its answer.
      if (kind !== 'restart') live.note('trouble', `That did not work: ${(error as Error).message}`)
    }
  }

  return (
    <section className="trouble card" aria-labelledby="trouble-title">
      <h2 id="trouble-title">Make trouble</h2>
      <ul>
        {acts.map(({ kind, title, words }) => (
          <li key={kind}>
            <button
              type="button"
              className={`button ${kind === 'block' ? '' : 'danger'}`}
              disabled={!isConnected || asked !== undefined}
              aria-describedby={`trouble-${kind}`}
              onClick={() => void make(kind)}
            >
              {title}
            </button>
            <p className="small muted" id={`trouble-${kind}`}>
              {words}
            </p>
            {asked?.kind === kind && asked.until !== undefined && (
              <Countdown until={asked.until} onEnd={() => setAsked(undefined)} />
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Countdown({ until, onEnd }: { until: number; onEnd: () => void }): ReactNode {
  const [whole] = useState(() => Math.max(1, until - Date.now()))
  const [left, setLeft] = useState(whole)
  useEffect(() => {
    const timer = setInterval(() => {
      const now = until - Date.now()
      setLeft(now)
      if (now <= 0) onEnd()
    }, 100)
    return () => clearInterval(timer)
  }, [until, onEnd])
  return (
    <p className="countdown small number">
      <progress max={whole} value={Math.max(0, whole - left)} aria-label="How far it has got" />
      {Math.max(0, left / 1000).toFixed(1)} s
    </p>
  )
}
