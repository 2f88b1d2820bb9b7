import { reconnectCases } from '../../../integration/support/reconnect-cases'
import { useManaged } from '../../../integration/support/managed'

describe('reconnect', () => reconnectCases(useManaged()))
