// The parts of the engine that a page loads only when it needs them. Takes the place of lib/client/portable/parts.ts.
import type { PartName, Parts as EngineParts } from '../client/portable/parts'
import type * as keeping from './keeping-part'

/** One of them has more than the engine knows of. */
type Parts = Omit<EngineParts, 'keeping'> & { keeping: typeof keeping }

export const parts: Partial<Parts> = {}

const files: { [N in PartName]: () => Promise<Parts[N]> } = {
  keeping: () => import('./keeping-part.js'),
  routes: () => import('./route-part.js'),
  sending: () => import('./sending-part.js'),
  shaping: () => import('../client/portable/send-shaping.js'),
  detour: () => import('../client/portable/detour.js'),
  rooms: () => import('./rooms-part.js'),
  endpoints: () => import('../client/portable/endpoints.js'),
  tokens: () => import('./auth-part.js'),
  store: () => import('./store-part.js'),
}

export async function load(name: PartName): Promise<void> {
  ;(parts as Record<PartName, unknown>)[name] ??= await files[name]()
}

export function part<N extends PartName>(name: N): Parts[N] {
  return parts[name] as Parts[N]
}
