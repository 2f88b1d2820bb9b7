// Has the clients of a test file go by HTTP, and its hubs take them.
import { httpLink } from '../../../lib/client/portable/http-link'
import type { PlatformSocketConstructor } from '../../../lib/client/portable/platform'
import { hubDefaults } from '../../integration/support/hubs'
import { carrier } from '../../integration/support/managed'

export function overHttp({ polls }: { polls: boolean }): void {
  carrier.WebSocket = function (url: string, protocols: string[]) {
    return httpLink(url, protocols, { patience: 5_000, polls: { needed: polls } })
  } as unknown as PlatformSocketConstructor
  // A server that is gone without a word is taken for lost after the grace.
  hubDefaults.fallback = { grace: 3_000 }
}
