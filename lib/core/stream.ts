// A socket as a Duplex stream of Node's.
import { Duplex, type DuplexOptions } from 'node:stream'
import { HawserError } from './error'
import type { WebSocket } from './websocket'

/**
 * Makes a Duplex of a socket. What is read are the messages (with `readableObjectMode` text stays a string), what is
 * written is sent: Buffers as binary, strings as text when `decodeStrings` is false or `writableObjectMode` is set.
 * Backpressure holds both ways: a full reader pauses the peer, a writer waits for `drain`. `end()` closes with 1000,
 * `destroy()` terminates; an error of the socket destroys the stream with it.
 */
export function createWebSocketStream(socket: WebSocket, options: DuplexOptions = {}): Duplex {
  /** What a write waits for. */
  let stalled: ((error?: Error | null) => void) | null = null
  let full = false
  let failure: HawserError | undefined

  const stream = new Duplex({
    ...options,
    // A WebSocket closes both ways at once.
    allowHalfOpen: false,
    read() {
      if (!full) return
      full = false
      socket.resume()
    },
    write(chunk: unknown, _encoding, callback) {
      if (socket.readyState === 0) {
        stalled = (error) => (error ? callback(error) : transmit(chunk, callback))
        return
      }
      transmit(chunk, callback)
    },
    final(callback) {
      if (socket.readyState === 3) {
        callback()
        return
      }
      socket.once('close', () => callback())
      if (socket.readyState === 0) socket.once('open', () => socket.close(1000))
      else socket.close(1000)
      // What the peer still says must not keep the close from coming.
      if (full) {
        full = false
        socket.resume()
      }
    },
    destroy(error, callback) {
      release(error ?? new HawserError('CONNECTION_CLOSED'))
      if (socket.readyState === 3) {
        callback(error)
        return
      }
      socket.once('close', () => callback(error))
      socket.terminate()
    },
  })

  function transmit(chunk: unknown, callback: (error?: Error | null) => void): void {
    let below: boolean
    try {
      below = socket.send(chunk as string | Uint8Array)
    } catch (error) {
      callback(error as Error)
      return
    }
    if (below) callback()
    else if (socket.readyState === 1) stalled = callback
    else callback(new HawserError('CONNECTION_CLOSED'))
  }

  function release(error?: Error): void {
    const waiting = stalled
    stalled = null
    waiting?.(error)
  }

  socket.on('open', () => release())
  socket.on('drain', () => release())
  socket.on('message', (data) => {
    if (stream.destroyed || stream.readableEnded) return
    const chunk = typeof data === 'string' && !stream.readableObjectMode ? Buffer.from(data) : data
    if (!stream.push(chunk)) {
      full = true
      socket.pause()
    }
  })
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('close', () => {
    release(failure ?? new HawserError('CONNECTION_CLOSED'))
    if (stream.destroyed) return
    if (failure !== undefined) stream.destroy(failure)
    else stream.push(null)
  })
  if (socket.readyState === 3) stream.push(null)
  return stream
}
