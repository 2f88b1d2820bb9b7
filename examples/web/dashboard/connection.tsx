// How this page's connection stands, in numbers.
import { useChat, useConnectionStatus } from 'hawser/react'
import { useEffect, useState, type ReactNode } from 'react'
import { count, plural } from './format'
import { useLive, useLiveModel } from './use-live'

export function Connection({ me }: { me: string }): ReactNode {
  const live = useLiveModel()
  const status = useConnectionStatus({ poll: 250 })
  const { messages } = useChat('chat', { user: me })
  const kept = useLive((snapshot) => snapshot.kept)
  const reconnects = useLive((snapshot) => snapshot.reconnects)
  const { state, isConnected, attempt, nextRetryAt, queueDepth, error } = status
  // The chat keeps what is written until its room is there again; then it is in the queue of the client.
  const waiting = Math.max(queueDepth, messages.filter(({ status }) => status === 'sending').length)
  useEffect(() => live.waits(waiting), [live, waiting])
  return (
    <section className="connection card" aria-labelledby="connection-title">
      <h2 id="connection-title">This connection</h2>
      <dl className="facts small">
        <Fact name="you" title="You are">
          {me}
        </Fact>
        <Fact name="state" title="State">
          <span className={`tag ${tones[state] ?? ''}`}>{state}</span>
        </Fact>
        <Fact name="attempt" title="Attempt">
          {isConnected || attempt === 0 ? '–' : `number ${attempt}`}
          {nextRetryAt !== undefined && (
            <>
              {', next '}
              <Until at={nextRetryAt} />
            </>
          )}
        </Fact>
        <Fact name="queue" title="Waiting to be sent">
          {plural(waiting, 'message')}
        </Fact>
        <Fact name="error" title="Why">
          {error?.code ?? '–'}
        </Fact>
        <Fact name="reconnects" title="Reconnects">
          {count(reconnects)}
        </Fact>
        <Fact name="missed" title="Missed">
          <strong className={kept.missed === 0 ? 'good' : 'bad'}>{count(kept.missed)}</strong>
          {` of ${plural(kept.taken + kept.missed, 'message')}`}
        </Fact>
        <Fact name="twice" title="Came twice">
          {count(kept.repeated)}
        </Fact>
        <Fact name="offsets" title="Read up to">
          {`board ${count(kept.board)}, chat ${count(kept.chat)}`}
        </Fact>
      </dl>
    </section>
  )
}

const tones: Record<string, string> = {
  connected: 'good',
  reconnecting: 'signal',
  connecting: 'signal',
  failed: 'danger',
}

function Fact({ name, title, children }: { name: string; title: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt className="muted">{title}</dt>
      <dd className="number" data-fact={name}>
        {children}
      </dd>
    </div>
  )
}

function Until({ at }: { at: number }): ReactNode {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100)
    return () => clearInterval(timer)
  }, [])
  const left = at - now
  return left > 0 ? `in ${(left / 1000).toFixed(1)} s` : 'now'
}
