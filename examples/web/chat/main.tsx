import { startPage } from '../shared/shell'
import { ChatPage } from './chat-page'

await startPage('Chat', ChatPage)
