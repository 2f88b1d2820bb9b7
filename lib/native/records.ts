// The records of the two rings, as src/bridge/records.hpp defines them. A test compares the two files.

/** Kinds of records from the reactor. */
export const In = {
  pad: 0,
  message: 1,
  open: 2,
  connection: 3,
  upgrade: 4,
  error: 5,
  close: 6,
  drain: 7,
  ping: 8,
  pong: 9,
  sent: 10,
  response: 11,
  listening: 12,
  server_error: 13,
  server_closed: 14,
  pipe_write: 15,
  pipe_ack: 16,
  pipe_end: 17,
  dropped: 18,
  server_drain: 19,
} as const

/** Flags of a `message` record. */
export const InFlag = { binary: 1, ascii: 2, large: 4 } as const

/** Kinds of records to the reactor. */
export const Out = {
  pad: 0,
  send: 1,
  close: 2,
  terminate: 3,
  ping: 4,
  pong: 5,
  pause: 6,
  resume: 7,
  subscribe: 8,
  unsubscribe: 9,
  publish: 10,
  release: 11,
  connect: 12,
  adopt: 13,
  accept: 14,
  reject: 15,
  listen: 16,
  server_close: 17,
  pipe_data: 18,
  pipe_ack: 19,
  pipe_end: 20,
  interest: 21,
} as const

/** Flags of `send` and `publish` records. */
export const OutFlag = { binary: 1, compress: 2, arm_drain: 4, notify: 8, large: 16, more: 32 } as const

export const noSlot = 0xffffffff
/** What a message weighs in the send queue beside its payload, in bytes. */
export const messageOverhead = 8
/** Above this many bytes a payload travels as an owned buffer that the record names. */
export const largeThreshold = 256 * 1024

// Ring layout, see src/bridge/ring.hpp: offsets of the control words in units of four bytes.
export const ringTail = 0
export const ringHead = 16
export const ringSleeping = 32
export const ringWaiting = 48
export const ringControlBytes = 256
export const ringSlackBytes = 64
/** Beyond this offset a producer that finds the ring empty, and the consumer asleep, goes back to its start. */
export const ringRewind = 1024 * 1024
/** So many bytes are made visible, or given back, without waiting for the end of a batch. */
export const ringBatch = 256 * 1024
