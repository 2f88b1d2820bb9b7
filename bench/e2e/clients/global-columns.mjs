// Columns by hand with the WebSocket that the runtime brings.
import { collector } from './column-arrays.mjs'
import { url } from './feed.mjs'

const collect = collector()
const socket = new WebSocket(url)
socket.onmessage = ({ data }) => collect(data)
