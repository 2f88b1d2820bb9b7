import { startPage } from '../shared/shell'
import { EventsPage } from './events-page'

await startPage('Events', EventsPage)
