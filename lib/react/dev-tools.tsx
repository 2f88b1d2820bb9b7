// A panel for developers: connections, messages, figures, controls, test messages.
import { type ReactNode, useId, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { clientsInUse, watchClients } from './connection'
import { useStoreWith, useSurroundings } from './context'
import { ControlsPanel, MessagesPanel, MetricsPanel, valueOf } from './dev-panels'
import { DevStore } from './dev-store'
import type { SomeClient } from './use-messages'

export interface DevToolsProps {
  /** Clients beside those that hooks and providers have. */
  clients?: readonly SomeClient[]
  /** Open at first. Default false: a button opens it. */
  defaultOpen?: boolean
  /** Messages that are kept. Default 200. */
  limit?: number
  /** More class names beside `hawser-devtools`. */
  className?: string
}

const tabs = ['Messages', 'Metrics', 'Controls'] as const
type Tab = (typeof tabs)[number]
const none: readonly SomeClient[] = []

function useClients(more: readonly SomeClient[]): readonly SomeClient[] {
  const used = useSyncExternalStore(watchClients, clientsInUse, () => none)
  return useMemo(() => [...new Set([...used, ...more])], [used, more])
}

/** Tabs of the ARIA practices: one stop of the keyboard, arrows between them. */
function Tabs({ id, tab, choose }: { id: string; tab: Tab; choose(tab: Tab): void }): ReactNode {
  const row = useRef(new Map<Tab, { focus(): void }>())
  const go = (to: Tab): void => {
    choose(to)
    row.current.get(to)?.focus()
  }
  return (
    <div role="tablist" aria-label="What to show">
      {tabs.map((name, i) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`${id}${name}`}
          aria-selected={name === tab}
          aria-controls={`${id}panel`}
          tabIndex={name === tab ? 0 : -1}
          ref={(element) => {
            if (element === null) row.current.delete(name)
            // Declarations of the DOM are there for editors and not where the package is built.
            // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion
            else row.current.set(name, element as unknown as { focus(): void })
          }}
          onClick={() => choose(name)}
          onKeyDown={({ key }) => {
            const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
            if (step !== 0) go(tabs[(i + step + tabs.length) % tabs.length])
            else if (key === 'Home') go(tabs[0])
            else if (key === 'End') go(tabs[tabs.length - 1])
          }}
        >
          {name}
        </button>
      ))}
    </div>
  )
}

function OneClient({ client, limit }: { client: SomeClient; limit: number }): ReactNode {
  const id = useId()
  const [tab, choose] = useState<Tab>('Messages')
  const { frames, clock } = useSurroundings()
  const store = useMemo(() => new DevStore({ frames, clock }, client, limit), [frames, clock, client, limit])
  const { info, metrics, rooms, entries, paused, pause, clear } = useStoreWith(store)
  return (
    <>
      <Tabs id={id} tab={tab} choose={choose} />
      <div
        role="tabpanel"
        id={`${id}panel`}
        aria-labelledby={`${id}${tab}`}
        className="hawser-devtools-panel"
      >
        {tab === 'Messages' && <MessagesPanel {...{ entries, paused, pause, clear }} />}
        {tab === 'Metrics' && <MetricsPanel {...{ info, metrics, rooms }} />}
        {tab === 'Controls' && <ControlsPanel client={client} />}
      </div>
    </>
  )
}

/**
 * A panel at the edge of the page: connections that hooks and providers use, what goes through them, their figures,
 * and controls. While it is open it overhears what is sent; leave it out of what users get.
 *
 * @example {import.meta.env.DEV && <DevTools />}
 */
export function DevTools({
  clients: more = none,
  defaultOpen = false,
  limit = 200,
  className = '',
}: DevToolsProps): ReactNode {
  const id = useId()
  const [open, setOpen] = useState(defaultOpen)
  const [chosen, setChosen] = useState(0)
  const clients = useClients(more)
  const client = clients[Math.min(chosen, clients.length - 1)] as SomeClient | undefined
  return (
    <section className={`hawser-devtools ${className}`.trim()} aria-label="hawser developer tools">
      <button
        type="button"
        className="hawser-devtools-toggle"
        aria-expanded={open}
        aria-controls={`${id}body`}
        onClick={() => setOpen(!open)}
      >
        hawser <span className="hawser-devtools-count">{clients.length}</span>
      </button>
      {open && (
        <div id={`${id}body`} className="hawser-devtools-body">
          <label htmlFor={`${id}client`}>Connection</label>
          <select
            id={`${id}client`}
            value={clients.length === 0 ? '' : Math.min(chosen, clients.length - 1)}
            onChange={(event) => setChosen(Number(valueOf(event)))}
          >
            {clients.length === 0 && <option value="">none</option>}
            {clients.map((one, i) => (
              <option key={i} value={i}>
                {i + 1}: {one.getConnectionInfo().url} ({one.state})
              </option>
            ))}
          </select>
          {client === undefined ? (
            <p className="hawser-devtools-empty">No component uses a connection.</p>
          ) : (
            <OneClient key={clients.indexOf(client)} client={client} limit={limit} />
          )}
        </div>
      )}
    </section>
  )
}
