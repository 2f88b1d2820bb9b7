/* global ROWS */
import React, { useRef } from 'react'
import { createRoot } from 'react-dom/client'
import rival, { ReadyState } from 'react-use-websocket'
import { seen, url } from './react-frames.mjs'

// CommonJS, as bundlers hand it over to modules.
const useWebSocket = rival.default ?? rival

// Its documentation has a state and an effect that sets it; at this rate React ends that with an error for too many
// updates within updates. Without them it renders once a message, not twice.
function Feed() {
  const { lastJsonMessage, readyState } = useWebSocket(url)
  const list = useRef([])
  if (lastJsonMessage !== null && lastJsonMessage !== list.current.at(-1)) {
    seen.count++
    seen.last = lastJsonMessage.payload.n
    list.current = [...list.current.slice(1 - ROWS), lastJsonMessage]
  }
  seen.open = readyState === ReadyState.OPEN
  seen.renders++
  return (
    <ol>
      {list.current.map(({ payload }) => (
        <li key={payload.n}>{`${payload.symbol} ${payload.price}`}</li>
      ))}
    </ol>
  )
}

createRoot(document.body).render(<Feed />)
