// How long the names in a message may be, in characters: for hubs, and for those who check messages or make names.
export const longest = { id: 64, type: 128, correlationId: 128, room: 256, user: 256 } as const
