// Idle clients: ws within partysocket.
import PartyWebSocket from 'partysocket/ws'
import { measureWrapped } from './idle-wrapped.mjs'

await measureWrapped(PartyWebSocket)
