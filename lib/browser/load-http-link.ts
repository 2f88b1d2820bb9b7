// The link over HTTP is loaded when it is needed. Takes the place of lib/client/portable/load-http-link.ts.
import type { httpLink } from '../client/portable/http-link'

export async function loadHttpLink(): Promise<typeof httpLink> {
  return (await import('../client/portable/http-link.js')).httpLink
}
