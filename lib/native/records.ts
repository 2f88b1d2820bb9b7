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
  batch: 20,
  columns: 21,
  client_state: 22,
  client_reply: 23,
  client_settled: 24,
  client_notice: 25,
  client_message: 26,
  client_answers: 27,
} as const

/** Flags of `message` records, of batches and of what managed clients hand up. */
export const InFlag = { binary: 1, ascii: 2, large: 4, routes: 8 } as const

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
  client_send: 22,
  client_op: 23,
  publish_to: 24,
  keep: 25,
  forget: 26,
  subscribe_from: 27,
  user: 28,
  server_refuse: 29,
  carry: 30,
  client_form: 31,
  membership: 32,
} as const

/** The `aux` of a `client_op` record. */
export const ClientOp = {
  begin: 1,
  connect: 2,
  disconnect: 3,
  reconnect: 4,
  set_token: 5,
  fail_token: 6,
  add_route: 7,
  remove_route: 8,
  interest: 9,
  cancel: 10,
  clear_queue: 11,
  snapshot: 12,
  dispose: 13,
  go: 14,
  answered: 15,
  say: 16,
  admit: 17,
  wait: 18,
  rooms: 19,
  form: 20,
  refused: 21,
} as const

/** The `aux` of a `client_notice` record. */
export const ClientNotice = {
  token_wanted: 1,
  control: 2,
  dropped: 3,
  snapshot: 4,
  store_failed: 5,
  route_refused: 6,
  opened: 7,
} as const

/** Bytes before the id and the data of a `client_send` record. */
export const clientSendHead = 12
/** Bytes before the payload of a `client_form` record. */
export const clientFormHead = 24
/** Bytes before the texts of a `membership` record. */
export const membershipHead = 16

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
