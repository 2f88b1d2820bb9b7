// How clients choose among their endpoints, in the order of the core's numbers.

/** How the endpoint of the next connection is chosen. */
export type EndpointStrategy = 'failover' | 'race' | 'round-robin' | 'least-busy' | 'latency'

export const strategies: readonly EndpointStrategy[] = [
  'failover',
  'race',
  'round-robin',
  'least-busy',
  'latency',
]
