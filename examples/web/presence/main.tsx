import { startPage } from '../shared/shell'
import { PresencePage } from './presence-page'

await startPage('Presence', PresencePage)
