// A page for test/browser/react-feed.test.ts: shows a feed, and counts renderings and frames.
import { StrictMode, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { WebSocketProvider, useConnectionStatus, useMessages } from 'hawser/react'

const page = globalThis as unknown as {
  location: { hash: string }
  document: { body: Parameters<typeof createRoot>[0] }
  requestAnimationFrame(run: () => void): void
  seen: { renders: number; frames: number; count: number; state: string; opened: number }
}
page.seen = { renders: 0, frames: 0, count: 0, state: '', opened: 0 }
const each = (): void => {
  page.seen.frames++
  page.requestAnimationFrame(each)
}

function Feed(): ReactNode {
  const { messages, count } = useMessages({ type: 'tick', limit: 20 })
  page.seen.renders++
  page.seen.count = count
  return (
    <ol>
      {messages.map(({ payload }) => (
        <li key={payload as number}>{payload}</li>
      ))}
    </ol>
  )
}
function State(): ReactNode {
  const { state } = useConnectionStatus({ poll: 0 })
  page.seen.state = state
  return <p>{state}</p>
}

page.requestAnimationFrame(each)
createRoot(page.document.body).render(
  <StrictMode>
    <WebSocketProvider url={page.location.hash.slice(1)}>
      <State />
      <Feed />
    </WebSocketProvider>
  </StrictMode>,
)
