import { startPage } from '../shared/shell'
import { NotificationsPage } from './notifications-page'

await startPage('Notifications', NotificationsPage)
