// Where the link over HTTP comes from. lib/browser/load-http-link.ts takes the place of this file in pages, which load it
// only when it is needed.
import { httpLink } from './http-link'

export function loadHttpLink(): Promise<typeof httpLink> {
  return Promise.resolve(httpLink)
}
