// What every page with React begins with: a name, one connection for all of the page, and the header.
import { ConnectionStatus, DevTools, WebSocketProvider, useConnectionStatus } from 'hawser/react'
import { StrictMode, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { Avatar } from './avatar'
import { app } from './dom'
import { hubOptions, hubUrl } from './hub'
import { forgetName } from './identity'
import { Mark } from './mark'
import { signIn } from './sign-in'
import 'hawser/react/styles.css'
import './shell.css'

/** `?devtools`: the panel of hawser/react, which shows what goes over the connection. */
const wantsTools = new URLSearchParams(location.search).has('devtools')

/** Asks for a name, connects, and shows the page. Strict mode is on: it finds effects that do not clean up. */
export async function startPage(title: string, Page: (props: { name: string }) => ReactNode): Promise<void> {
  const name = await signIn(title)
  createRoot(app()).render(
    <StrictMode>
      <WebSocketProvider url={hubUrl} options={hubOptions(name)}>
        <Header title={title} name={name} />
        <Page name={name} />
        {wantsTools && <DevTools />}
      </WebSocketProvider>
    </StrictMode>,
  )
}

function Header({ title, name }: { title: string; name: string }) {
  return (
    <header className="header">
      <a className="brand" href="../" aria-label="hawser, all examples">
        <Mark />
        <span>hawser</span>
      </a>
      <div className="where grow">
        <h1 className="clip">{title}</h1>
      </div>
      <ConnectionStatus compact />
      <button className="person" type="button" title="Be somebody else" onClick={forgetName}>
        <Avatar name={name} little />
        <span className="clip">{name}</span>
        <span className="unseen">: be somebody else</span>
      </button>
    </header>
  )
}

/** Says that there is no connection, what becomes of what one does meanwhile, and lets one try at once. */
export function Offline({ children }: { children: ReactNode }) {
  const { state, lastConnected, queueDepth, reconnect } = useConnectionStatus()
  // Not before there was a connection: the page loads then.
  if (state === 'connected' || (lastConnected === undefined && state !== 'failed')) return null
  return (
    <div className="notice no-link" role="status">
      <span className="grow">
        {state === 'failed' ? 'Not connected. ' : 'No connection. '}
        {children}
        {queueDepth > 0 && ` ${queueDepth} waiting.`}
      </span>
      <button className="button tiny" type="button" onClick={() => void reconnect().catch(() => undefined)}>
        Try now
      </button>
    </div>
  )
}

/** Something failed: what, and perhaps what to do. */
export function Failure({ error }: { error: Error | undefined }) {
  if (error === undefined) return null
  return (
    <p className="notice danger" role="alert">
      {error.message}
    </p>
  )
}
