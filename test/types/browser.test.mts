// The WebSocket of browsers fits the option.
/// <reference lib="dom" />
import { WebSocketClient } from 'hawser'

new WebSocketClient({ url: '/feed', WebSocket })
new WebSocketClient({ url: '/feed', WebSocket: globalThis.WebSocket })
// @ts-expect-error -- no constructor
new WebSocketClient({ url: '/feed', WebSocket: 'WebSocket' })
