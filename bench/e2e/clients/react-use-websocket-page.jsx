/* global ROWS */
import React, { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import useWebSocket, { ReadyState } from 'react-use-websocket'
import { seen, url } from './react-frames.mjs'

// As its documentation shows: each message is a state, and an effect adds it to the list.
function Feed() {
  const { lastJsonMessage, readyState } = useWebSocket(url)
  const [messages, setMessages] = useState([])
  useEffect(() => {
    if (lastJsonMessage === null) return
    seen.count++
    seen.last = lastJsonMessage.payload.n
    setMessages((before) => [...before.slice(1 - ROWS), lastJsonMessage])
  }, [lastJsonMessage])
  seen.open = readyState === ReadyState.OPEN
  seen.renders++
  return (
    <ol>
      {messages.map(({ payload }) => (
        <li key={payload.n}>{`${payload.symbol} ${payload.price}`}</li>
      ))}
    </ol>
  )
}

createRoot(document.body).render(<Feed />)
