import { measure } from './react-page.mjs'

await measure('hawser-react-page.jsx')
