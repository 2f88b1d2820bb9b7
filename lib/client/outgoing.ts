// What messages on their way out have in common: their ids, and what is so of those without options.
import type { ClientBody } from './client-body'
import type { EngineSend } from './engine'

/** A message that goes out without options. */
export const plain: EngineSend = {
  data: '',
  binary: false,
  compress: true,
  priority: 1,
  ttl: 0,
  id: '',
  acked: false,
  durable: false,
  requestTimeout: 0,
  joinable: false,
  shape: undefined,
  token: 0,
  link: 0,
}

/** 64 random bits in 16 characters. */
function idPrefix(): string {
  const [high, low] = globalThis.crypto.getRandomValues(new Uint32Array(2))
  return ((BigInt(high) << 32n) | BigInt(low)).toString(16).padStart(16, '0')
}

/** Makes ids that no other source makes: a random prefix and a count. At most 64 characters, no escapes in JSON. */
export function idSource(): () => string {
  const prefix = idPrefix()
  let count = 0
  return () => `${prefix}-${(++count).toString(36)}`
}

/** Where the number of a request begins, as no number does: a late answer to one is told from one to a message by it. */
export const requestMark = '0'

let prefix: string | undefined
let count = 0

/** What ids of all clients here begin with. */
export function clientPrefix(): string {
  return (prefix ??= `${idPrefix()}-`)
}

/** Whether this is the id of a request that a client here has made. */
export function asked(id: unknown): boolean {
  return String(id).startsWith(clientPrefix() + requestMark)
}

/** An id for a message of any client: all of them share one source. */
export function messageId(mark = ''): string {
  return clientPrefix() + mark + (++count).toString(36)
}

/** The same, unless the dialect counts its own. `mark`: of a request. */
export function nextId({ wire }: ClientBody, mark?: string): string {
  return wire?.session?.nextId?.() ?? messageId(mark)
}
