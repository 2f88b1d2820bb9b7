// What an engine needs only where options or calls ask for it. Here all of it is at hand; in browsers each part is a file
// that is loaded when it is wanted first (lib/browser/parts.ts), and the engine holds what depends on it until then.
import { ClientMachine } from './client-machine'
import { CoreKeeping } from './core-keeping'
import { CoreSending } from './core-sending'
import { Departures } from './departures'
import { DetourLinks } from './detour'
import { Durable } from './durable'
import { EndpointRounds } from './endpoints'
import type { RouteSpec } from '../engine'
import { Reading } from './reading'
import { RouteShaper } from './route-shaper'
import { BatchGate, SendShaper } from './send-shaping'
import { Positions } from './positions'
import { SoleEndpoint } from './sole-endpoint'
import { TokenMachine } from './token-machine'
import { whereTest } from './where'

export interface Parts {
  /** What a client does with links that have opened or ended, and with what comes over them. */
  keeping: {
    CoreKeeping: typeof CoreKeeping
    Reading: typeof Reading
    SoleEndpoint: typeof SoleEndpoint
    ClientMachine: typeof ClientMachine
  }
  /** Conditions and shapes of routes; `prepare` checks a specification that was not read yet. */
  routes: {
    RouteShaper: typeof RouteShaper
    whereTest: typeof whereTest
    prepare: (spec: RouteSpec) => RouteSpec
  }
  /** All that sends: the queue, requests, what the server acknowledges. */
  sending: { CoreSending: typeof CoreSending; Departures: typeof Departures }
  /** Messages that are throttled, debounced or sent in batches. */
  shaping: { SendShaper: typeof SendShaper; BatchGate: typeof BatchGate }
  /** HTTP where WebSocket is blocked. */
  detour: { DetourLinks: typeof DetourLinks }
  /** Rooms that the program joins. */
  rooms: { Positions: typeof Positions }
  /** Several endpoints. */
  endpoints: { EndpointRounds: typeof EndpointRounds }
  /** What a client shows to be let in. */
  tokens: { TokenMachine: typeof TokenMachine }
  /** Durable messages. */
  store: { Durable: typeof Durable }
}
export type PartName = keyof Parts

export const parts: Partial<Parts> = {
  keeping: { ClientMachine, CoreKeeping, Reading, SoleEndpoint },
  routes: { RouteShaper, whereTest, prepare: (spec) => spec },
  sending: { CoreSending, Departures },
  shaping: { SendShaper, BatchGate },
  detour: { DetourLinks },
  rooms: { Positions },
  endpoints: { EndpointRounds },
  tokens: { TokenMachine },
  store: { Durable },
}

/** Resolves when the part is there. */
export function load(_name: PartName): Promise<void> {
  return Promise.resolve()
}

/** The part, which was loaded before. */
export function part<N extends PartName>(name: N): Parts[N] {
  return parts[name] as Parts[N]
}
