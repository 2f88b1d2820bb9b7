/* global ROWS */
import React from 'react'
import { createRoot } from 'react-dom/client'
import { WebSocketProvider, useConnectionStatus, useMessages } from 'hawser/react'
import { seen, url } from './react-frames.mjs'

function Feed() {
  seen.open = useConnectionStatus({ poll: 0 }).isConnected
  const { messages, count } = useMessages({ type: 'tick', limit: ROWS })
  seen.renders++
  seen.count = count
  seen.last = messages.at(-1)?.payload.n ?? -1
  return (
    <ol>
      {messages.map(({ payload }) => (
        <li key={payload.n}>{`${payload.symbol} ${payload.price}`}</li>
      ))}
    </ol>
  )
}

createRoot(document.body).render(
  <WebSocketProvider url={url} options={{ hawser: false }}>
    <Feed />
  </WebSocketProvider>,
)
