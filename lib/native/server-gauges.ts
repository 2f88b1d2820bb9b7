// The counters of a server, in the order of src/core/net/server_state.hpp. A test compares the two files.

/** What the I/O threads count of a server, since it was started. */
export interface ServerGauges {
  /** What rooms keep: messages, bytes, and how many rooms keep any. */
  keptMessages: number
  keptBytes: number
  keptTopics: number
  /** Published messages that slow consumers did not get, and slow consumers that were disconnected. */
  slowDropped: number
  slowClosed: number
  /** Upgrades that were refused: 404, 403, 503, 429. */
  refusedPath: number
  refusedOrigin: number
  refusedFull: number
  refusedAddress: number
  /** Messages above a rate, and connections that were closed for them. */
  rateLimited: number
  rateClosed: number
  /** Heartbeats that were answered on the I/O threads. */
  heartbeats: number
  /** Bytes that wait for peers now. */
  bufferedBytes: number
  /** Published messages that slow consumers did not get since a later one took their place. */
  conflated: number
}

export const serverGauges = [
  'keptMessages',
  'keptBytes',
  'keptTopics',
  'slowDropped',
  'slowClosed',
  'refusedPath',
  'refusedOrigin',
  'refusedFull',
  'refusedAddress',
  'rateLimited',
  'rateClosed',
  'heartbeats',
  'bufferedBytes',
  'conflated',
] as const satisfies readonly (keyof ServerGauges)[]

/** An empty list, of a server that does not run, reads as zeros. */
export function readServerGauges(values: Float64Array): ServerGauges {
  const out = {} as ServerGauges
  for (let i = 0; i < serverGauges.length; i++) out[serverGauges[i]] = values.length > i ? values[i] : 0
  return out
}
