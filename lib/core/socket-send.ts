// Sending: everything that the fast path of `WebSocket.send` leaves out.
import { isUtf8 } from 'node:buffer'
import type { Channel } from '../native/channel'
import { OutFlag, largeThreshold, messageOverhead } from '../native/records'
import { type SendData, bytesOf } from './bytes'
import { HawserError, HawserTypeError } from './error'
import { Flag, type SendCallback, State, extraOf } from './socket-state'
import { shown } from './validate'
import type { WebSocket } from './websocket'

export { bytesOf } from './bytes'
export type { SendData } from './bytes'

/** How a message is sent. */
export interface SendOptions {
  /** Send as binary or as text. Default: strings are text, everything else is binary. */
  binary?: boolean
  /** Compress, where that was agreed and the message is not below the threshold. Default true. */
  compress?: boolean
  /**
   * False: a fragment, more of the message follows; true: the last one. While a message is in fragments every send has
   * to say `fin`. Default: a message of its own.
   */
  fin?: boolean
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean'
}

function badFlag(options: SendOptions): HawserTypeError {
  const name = (['binary', 'compress', 'fin'] as const).find((each) => !isFlag(options[each])) ?? 'fin'
  return new HawserTypeError(
    'INVALID_ARGUMENT',
    `\`options.${name}\` must be true or false, not ${shown(options[name])}`,
  )
}

/** Flags of a send record, or INVALID_ARGUMENT. */
function sendFlags(socket: WebSocket, options: SendOptions | undefined, isText: boolean): number {
  if (options === undefined) return (socket._flags & Flag.deflate) | (isText ? 0 : OutFlag.binary)
  const { binary, compress, fin } = options
  if (!isFlag(binary) || !isFlag(compress) || !isFlag(fin)) throw badFlag(options)
  let flags = (binary ?? !isText) ? OutFlag.binary : 0
  if (compress !== false) flags |= socket._flags & Flag.deflate
  if (fin === false) flags |= OutFlag.more
  return flags
}

/** The whole of `send`. */
export function send(
  socket: WebSocket,
  data: SendData,
  given: SendOptions | SendCallback | null | undefined,
  callback: SendCallback | undefined,
): boolean {
  let options: SendOptions | undefined
  if (typeof given === 'function') callback = given
  else options = given ?? undefined
  if (options !== undefined && typeof options !== 'object') {
    throw new HawserTypeError('INVALID_ARGUMENT', `\`options\` must be an object, not ${shown(options)}`)
  }
  if (callback !== undefined && typeof (callback as unknown) !== 'function') {
    throw new HawserTypeError('INVALID_ARGUMENT', `\`callback\` must be a function, not ${shown(callback)}`)
  }
  const isText = typeof data === 'string'
  const payload = isText || isBlob(data) ? data : bytesOf(data)
  if (payload === undefined) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`data\` must be a string, a Buffer, a TypedArray, a DataView, an ArrayBuffer or a Blob, not ${shown(data)}`,
    )
  }
  const flags = sendFlags(socket, options, isText)
  if (socket._state === State.connecting) {
    throw new HawserError('INVALID_STATE', 'The socket is still connecting. Wait for `open` before sending')
  }
  const channel = socket._channel
  if (socket._state !== State.open || channel === null) return refuse(socket, callback)
  fragmentRule(socket, options?.fin)
  if (payload instanceof Blob) return enqueueBlob(socket, channel, payload, flags, callback)
  if (typeof payload !== 'string' && (flags & OutFlag.binary) === 0 && options?.fin === undefined)
    checkUtf8(payload)
  if ((socket._extra?.waiting.length ?? 0) > 0) return enqueue(socket, channel, payload, flags, callback)
  return transmit(socket, channel, payload, flags, callback, false)
}

function isBlob(data: unknown): data is Blob {
  return data instanceof Blob
}

/** Bytes sent as text have to be text; of a fragment one cannot say. */
function checkUtf8(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) {
    throw new HawserTypeError('INVALID_ARGUMENT', '`data` is no valid UTF-8; send it with `binary: true`')
  }
}

/** Keeps messages in fragments apart from others. */
function fragmentRule(socket: WebSocket, fin: boolean | undefined): void {
  if ((socket._flags & Flag.fragmenting) !== 0 && fin === undefined) {
    throw new HawserError(
      'INVALID_STATE',
      'A message is being sent in fragments. Send its last one with `fin: true` before another message',
    )
  }
}

function noteFragment(socket: WebSocket, flags: number): void {
  if ((flags & OutFlag.more) !== 0) socket._flags |= Flag.fragmenting | Flag.slowSend
  else if ((socket._flags & Flag.fragmenting) !== 0) {
    socket._flags &= ~Flag.fragmenting
    if ((socket._extra?.waiting.length ?? 0) === 0) socket._flags &= ~Flag.slowSend
  }
}

/** Once the socket closes: false, and the callback gets to know. */
function refuse(socket: WebSocket, callback: SendCallback | undefined): false {
  if (callback !== undefined) {
    process.nextTick(
      callback,
      new HawserError('CONNECTION_CLOSED', undefined, { cause: socket._extra?.error }),
    )
  }
  return false
}

/** Beyond the bound: the callback gets the error, or it is thrown. */
function exceeded(callback: SendCallback | undefined): false {
  const error = new HawserError('BACKPRESSURE_EXCEEDED')
  if (callback === undefined) throw error
  process.nextTick(callback, error)
  return false
}

/** Hands a payload to the channel. `late`: it waited behind a Blob and was accepted then. */
function transmit(
  socket: WebSocket,
  channel: Channel,
  payload: string | Uint8Array,
  flags: number,
  callback: SendCallback | undefined,
  late: boolean,
  armed = false,
): boolean {
  const { highWaterMark, maxBackpressure } = socket._settings
  const pending = channel.pending(socket)
  let size = payload.length
  let exact = typeof payload !== 'string'
  // UTF-8 is at most three times as long; only near a bound does it matter how long.
  if (
    !exact &&
    (size * 3 > largeThreshold ||
      pending + size * 3 + messageOverhead > Math.min(highWaterMark, maxBackpressure))
  ) {
    size = Buffer.byteLength(payload)
    exact = true
  }
  let above = armed
  if (exact) {
    const total = pending + size + messageOverhead
    if (total > maxBackpressure && !late) return exceeded(callback)
    if (total > highWaterMark) above = true
  }
  if (above) flags |= OutFlag.arm_drain
  if (callback !== undefined) flags |= OutFlag.notify
  let taken: number
  if (typeof payload !== 'string') {
    taken =
      size <= largeThreshold
        ? channel.sendBytes(socket, payload, flags)
        : channel.sendLarge(socket, payload, size, flags)
  } else if (payload.length * 3 <= largeThreshold) {
    taken = channel.sendText(socket, payload, flags)
  } else if (size <= largeThreshold) {
    taken = channel.sendBytes(socket, Buffer.from(payload), flags)
  } else {
    taken = channel.sendLarge(socket, payload, size, flags)
  }
  if (taken < 0) {
    if (!late) return exceeded(callback)
    // It counts as sent already. Nobody may take a stream with a hole for a whole one.
    if (callback !== undefined) process.nextTick(callback, new HawserError('BACKPRESSURE_EXCEEDED'))
    socket.terminate()
    return false
  }
  if (!late) noteFragment(socket, flags)
  if (callback !== undefined) extraOf(socket).callbacks.push(callback)
  return !above
}

/** Lines up behind Blobs that are still being read. */
function enqueue(
  socket: WebSocket,
  channel: Channel,
  payload: string | Uint8Array,
  flags: number,
  callback: SendCallback | undefined,
): boolean {
  const size = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  // The program may change its buffer as soon as this returns.
  const own = typeof payload === 'string' ? payload : Uint8Array.from(payload)
  return line(socket, channel, size, flags, callback, (above) => {
    transmit(socket, channel, own, flags, callback, true, above)
    return true
  })
}

function enqueueBlob(
  socket: WebSocket,
  channel: Channel,
  blob: Blob,
  flags: number,
  callback: SendCallback | undefined,
): boolean {
  let bytes: Uint8Array | undefined
  const below = line(socket, channel, blob.size, flags, callback, (above) => {
    if (bytes === undefined) return false
    transmit(socket, channel, bytes, flags, callback, true, above)
    return true
  })
  blob.arrayBuffer().then(
    (buffer) => {
      bytes = new Uint8Array(buffer)
      runWaiting(socket)
    },
    (cause: unknown) => {
      if (callback !== undefined) {
        process.nextTick(callback, new HawserError('INVALID_ARGUMENT', 'The Blob cannot be read', { cause }))
      }
      socket.terminate()
    },
  )
  return below
}

function line(
  socket: WebSocket,
  channel: Channel,
  size: number,
  flags: number,
  callback: SendCallback | undefined,
  run: (above: boolean) => boolean,
): boolean {
  const extra = extraOf(socket)
  const { highWaterMark, maxBackpressure } = socket._settings
  const total = channel.pending(socket) + extra.waitingBytes + size + messageOverhead
  if (total > maxBackpressure) return exceeded(callback)
  const above = total > highWaterMark
  noteFragment(socket, flags)
  socket._flags |= Flag.slowSend
  extra.waitingBytes += size
  extra.waiting.push({ size, run: () => run(above), drop: (error) => callback?.(error) })
  return !above
}

/** Sends what waits, up to the first Blob that is not read yet. */
export function runWaiting(socket: WebSocket): void {
  const extra = extraOf(socket)
  while (extra.waiting.length > 0 && socket._channel !== null) {
    const item = extra.waiting[0]
    if (!item.run()) return
    extra.waiting.shift()
    extra.waitingBytes -= item.size
  }
  if ((socket._flags & Flag.fragmenting) === 0) socket._flags &= ~Flag.slowSend
}
