// The measured part of a sending client: bursts of short texts, held back while too many bytes wait to leave.
import { options, say } from '../servers/control.mjs'

export const url = `ws://127.0.0.1:${options.port}/`

const burst = 1000
const mostWaitingBytes = 1024 * 1024

const texts = Array.from({ length: 64 }, (_, i) => `message ${i} `.padEnd(options.size, '.'))
let next = 0

/** Tells the harness that the burst has begun; the sink's counters say how fast it goes. */
export function started() {
  say({ sending: true })
}

/** For sockets of the W3C shape, which have no drain event: at most a burst a turn, while little enough waits. */
export function sendByBufferedAmount(socket) {
  started()
  const turn = () => {
    for (let i = 0; i < burst && socket.bufferedAmount < mostWaitingBytes; i++)
      socket.send(texts[next++ & 63])
    setImmediate(turn)
  }
  turn()
}

/** For sockets whose `send` says when to wait for `drain`. */
export function sendUntilFull(socket) {
  started()
  const turn = () => {
    for (let i = 0; i < burst; i++) {
      if (!socket.send(texts[next++ & 63])) {
        socket.once('drain', turn)
        return
      }
    }
    setImmediate(turn)
  }
  turn()
}
