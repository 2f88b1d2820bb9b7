// How hubs in several processes hear of each other. Without an adapter a hub is alone.

/** A message for the members that other nodes have. */
export interface NodeMessage {
  /** Everybody; else the three lists say who. */
  all: boolean
  rooms: readonly string[]
  users: readonly string[]
  roles: readonly string[]
  type: string
  id: string
  timestamp: number
  /** JSON text. */
  payload?: string
  userId?: string
}

/** What an adapter is given of its hub. */
export interface HubNode {
  /** Different for each node. */
  readonly id: string
  /** Delivers what another node has published. An adapter never hands a node its own messages. */
  receive(message: NodeMessage): void
  /** The broker is lost or back; local delivery goes on meanwhile. */
  report(error: Error): void
}

/** Carries messages between nodes. */
export interface HubAdapter {
  start(node: HubNode): void | Promise<void>
  /** Must not throw; what cannot be carried is counted by the adapter and reported. */
  publish(message: NodeMessage): void
  close(): void | Promise<void>
}
