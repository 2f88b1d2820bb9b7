// Idle clients that reconnect, over ws, with the heartbeat that programs write around it: a ping, and the end of the
// connection if the pong is not there at the next.
import { WebSocket } from 'ws'
import { interval, measureIdle, url } from './idle-clients.mjs'

/** `Reconnecting` is a class of the browser's shape that takes the option `WebSocket`. */
export function measureWrapped(Reconnecting) {
  class Plain extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { perMessageDeflate: false })
      this.answered = true
      this.pongs = 0
      this.on('pong', () => {
        this.answered = true
        this.pongs++
      })
      this.on('open', () => {
        this.beat = setInterval(() => {
          if (!this.answered) return this.terminate()
          this.answered = false
          this.ping()
        }, interval)
      })
      this.on('close', () => clearInterval(this.beat))
    }
  }
  const open = () =>
    new Promise((resolve) => {
      let inner
      class Noted extends Plain {
        constructor(address, protocols) {
          super(address, protocols)
          inner = this
        }
      }
      const socket = new Reconnecting(url, [], { WebSocket: Noted })
      socket.addEventListener('open', () => resolve({ socket, inner: () => inner }))
    })
  const check = ({ socket, inner }) => socket.readyState === WebSocket.OPEN && inner().pongs > 0
  return measureIdle(open, check)
}
