// Topics that keep messages, on three I/O threads.
import { useScope } from '../support/scope'
import { configure } from '../support/subject'
import { keptCases } from './support/kept-cases'

configure({ threads: 3 })
keptCases(useScope())
