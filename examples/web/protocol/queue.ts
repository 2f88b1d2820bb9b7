// What the waiting room says: the page and its server share these types.

/** Somebody who waits. */
export interface Ticket {
  number: number
  name: string
  /** Milliseconds since the epoch. */
  since: number
}

export interface Desk {
  desk: number
  /** Who is being served. */
  serving: Ticket | null
  /** Milliseconds since the epoch; null while nobody is served. */
  called: number | null
}

/** All there is to know, after each change. */
export interface Board {
  waiting: Ticket[]
  desks: Desk[]
  /** How many have been served. */
  served: number
  /** Milliseconds that the latest ten took at their desks; 0 before the first. */
  pace: number
}

export interface Happening {
  what: 'took' | 'left' | 'called' | 'served'
  number: number
  name: string
  desk?: number
  at: number
}

/** All of it in the room `queue`. */
export interface QueueProtocol {
  receive: { 'queue.board': Board; 'queue.event': Happening }
  send: object
  requests: {
    'queue.take': { request: null; reply: Ticket }
    'queue.leave': { request: null; reply: boolean }
    /** The next in line comes to the desk; null when nobody waits. Whoever was there is done. */
    'queue.call': { request: { desk: number }; reply: Ticket | null }
    'queue.finish': { request: { desk: number }; reply: boolean }
    /** So many guests take tickets. */
    'queue.invite': { request: { guests: number }; reply: number }
  }
}
