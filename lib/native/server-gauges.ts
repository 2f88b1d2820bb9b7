// The counters of a server, in the order of src/core/net/server_state.hpp. A test compares the two files.

export const serverGauges = [
  'keptMessages',
  'keptBytes',
  'keptTopics',
  'slowDropped',
  'slowClosed',
  'refusedPath',
  'refusedOrigin',
  'refusedFull',
] as const

export type ServerGauges = Record<(typeof serverGauges)[number], number>

/** An empty list, of a server that does not run, reads as zeros. */
export function readServerGauges(values: Float64Array): ServerGauges {
  const out = {} as ServerGauges
  for (let i = 0; i < serverGauges.length; i++) out[serverGauges[i]] = values.length > i ? values[i] : 0
  return out
}
