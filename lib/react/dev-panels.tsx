// The panels of <DevTools>: messages, figures, controls.
import { type ReactNode, useId, useState } from 'react'
import type { ConnectionInfo } from '../client/client-status'
import type { EngineMetrics } from '../client/engine'
import type { TapEntry } from './tap'
import type { SomeClient } from './use-messages'

/** What is used of a field: this package knows no types of pages. */
interface Field {
  currentTarget: { value: string }
}
export const valueOf = (event: unknown): string => (event as Field).currentTarget.value

function shown(data: unknown): string {
  try {
    // What JSON does not know, such as undefined, has no text.
    const text: unknown = typeof data === 'string' ? data : JSON.stringify(data, null, 2)
    return typeof text === 'string' ? text : ''
  } catch {
    return String(data)
  }
}

const arrows = { in: '↓', out: '↑', state: '●', error: '!' }
const said = { in: 'received', out: 'sent', state: 'state', error: 'error' }

export interface MessagesPanelProps {
  entries: readonly TapEntry[]
  paused: boolean
  pause(paused: boolean): void
  clear(): void
}

export function MessagesPanel({ entries, paused, pause, clear }: MessagesPanelProps): ReactNode {
  const [filter, setFilter] = useState('')
  const wanted = filter.trim().toLowerCase()
  const list = wanted === '' ? entries : entries.filter(({ type }) => type.toLowerCase().includes(wanted))
  return (
    <>
      <div className="hawser-devtools-bar">
        <input
          type="search"
          aria-label="Show types that contain"
          placeholder="type contains …"
          value={filter}
          onChange={(event) => setFilter(valueOf(event))}
        />
        <button type="button" aria-pressed={paused} onClick={() => pause(!paused)}>
          Pause
        </button>
        <button type="button" onClick={clear}>
          Clear
        </button>
      </div>
      {list.length === 0 ? (
        <p className="hawser-devtools-empty">Nothing yet.</p>
      ) : (
        <ol className="hawser-devtools-list" tabIndex={0} aria-label="Messages, newest first">
          {list.map(({ seq, at, direction, type, data }) => (
            <li key={seq} data-direction={direction}>
              <details>
                <summary>
                  <span aria-hidden="true">{arrows[direction]}</span>
                  <span className="hawser-devtools-hidden">{said[direction]} </span>
                  <code>{type}</code> <time>{new Date(at).toISOString().slice(11, 23)}</time>
                </summary>
                <pre tabIndex={0}>{shown(data)}</pre>
              </details>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}

export function MetricsPanel({
  info,
  metrics,
  rooms,
}: {
  info: ConnectionInfo | undefined
  metrics: Partial<EngineMetrics>
  rooms: readonly string[]
}): ReactNode {
  const rows: [string, string][] = [
    ['URL', info?.url ?? ''],
    ['Subprotocol', info?.protocol ?? ''],
    ['Last connected', info?.lastConnected?.toISOString() ?? ''],
    ['Rooms', rooms.join(', ')],
    ...Object.entries(metrics).map(([name, value]): [string, string] => [
      name,
      typeof value === 'number' ? String(Math.round(value * 100) / 100) : value,
    ]),
  ]
  return (
    <div className="hawser-devtools-scroll" tabIndex={0} role="group" aria-label="Figures">
      <table>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Does what a button says; what goes wrong is an entry of the list, or told here. */
function useAttempt(): [string, (act: () => unknown) => void] {
  const [outcome, setOutcome] = useState('')
  const attempt = (act: () => unknown): void => {
    setOutcome('')
    const failed = (error: unknown): void => setOutcome(`Failed: ${(error as Error).message}`)
    try {
      Promise.resolve(act()).then((value) => {
        if (value !== undefined && typeof value !== 'boolean') setOutcome(`Answer: ${shown(value)}`)
      }, failed)
    } catch (error) {
      failed(error)
    }
  }
  return [outcome, attempt]
}

export function ControlsPanel({ client }: { client: SomeClient }): ReactNode {
  const id = useId()
  const [type, setType] = useState('test')
  const [room, setRoom] = useState('')
  const [payload, setPayload] = useState('{ "hello": "world" }')
  const [outcome, attempt] = useAttempt()
  const options = room === '' ? {} : { room }
  const parsed = (): unknown => (payload.trim() === '' ? undefined : (JSON.parse(payload) as unknown))
  return (
    <div className="hawser-devtools-scroll" tabIndex={0} role="group" aria-label="Controls">
      <div className="hawser-devtools-bar">
        <button type="button" onClick={() => attempt(() => client.connect())}>
          Connect
        </button>
        <button type="button" onClick={() => attempt(() => client.disconnect())}>
          Disconnect
        </button>
        <button type="button" onClick={() => attempt(() => client.reconnect())}>
          Reconnect
        </button>
        <button type="button" onClick={() => attempt(() => client.clearQueue())}>
          Clear queue
        </button>
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          attempt(() => client.send(type, parsed(), options))
        }}
      >
        <label htmlFor={`${id}type`}>Type</label>
        <input id={`${id}type`} value={type} onChange={(event) => setType(valueOf(event))} />
        <label htmlFor={`${id}room`}>Room</label>
        <input id={`${id}room`} value={room} onChange={(event) => setRoom(valueOf(event))} />
        <label htmlFor={`${id}payload`}>Payload (JSON)</label>
        <textarea
          id={`${id}payload`}
          rows={4}
          value={payload}
          onChange={(event) => setPayload(valueOf(event))}
        />
        <div className="hawser-devtools-bar">
          <button type="submit">Send</button>
          <button type="button" onClick={() => attempt(() => client.request(type, parsed(), options))}>
            Request
          </button>
        </div>
      </form>
      <output className="hawser-devtools-outcome">{outcome}</output>
    </div>
  )
}
