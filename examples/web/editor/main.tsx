import { startPage } from '../shared/shell'
import { EditorPage } from './editor-page'

await startPage('Editor', EditorPage)
