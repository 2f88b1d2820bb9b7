import { measure } from './react-page.mjs'

await measure('react-use-websocket-page.jsx')
