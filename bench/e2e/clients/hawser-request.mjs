// Requests of the managed client.
import { WebSocketClient } from 'hawser'
import { keepAsking, url } from './requests.mjs'

const client = new WebSocketClient({ url, hawser: false })
await client.connect()
await keepAsking((payload) => client.request('work', payload))
