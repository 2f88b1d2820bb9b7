// Topics that keep messages, on one I/O thread.
import { useScope } from '../support/scope'
import { keptCases } from './support/kept-cases'

keptCases(useScope())
