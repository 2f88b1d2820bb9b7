// The parts of the engine that a page loads only when it needs them. Takes the place of lib/client/portable/parts.ts.
import type { PartName, Parts } from '../client/portable/parts'

export const parts: Partial<Parts> = {}

const files: { [N in PartName]: () => Promise<Parts[N]> } = {
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
