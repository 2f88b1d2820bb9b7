// Idle clients: ws within reconnecting-websocket.
import { createRequire } from 'node:module'
import { measureWrapped } from './idle-wrapped.mjs'

const ReconnectingWebSocket = createRequire(import.meta.url)('reconnecting-websocket')
await measureWrapped(ReconnectingWebSocket)
