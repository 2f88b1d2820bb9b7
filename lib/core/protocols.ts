// Subprotocols that a client offers.
import { HawserTypeError } from './error'
import { isToken } from './http-syntax'
import { shown } from './validate'

/** Subprotocols as a list. Throws INVALID_ARGUMENT for one that is no token or comes twice (RFC 6455, section 4.1). */
export function readProtocols(protocols: unknown): string[] {
  if (protocols === undefined || protocols === null) return []
  const list: unknown[] = Array.isArray(protocols) ? (protocols as unknown[]) : [protocols]
  const seen = new Set<string>()
  for (const protocol of list) {
    if (typeof protocol !== 'string' || !isToken(protocol)) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `${shown(protocol)} is no subprotocol: letters, digits and !#$%&'*+-.^_\`|~ only`,
      )
    }
    if (seen.has(protocol)) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `The subprotocol ${shown(protocol)} comes twice. Name each once`,
      )
    }
    seen.add(protocol)
  }
  return [...seen]
}
