// webSocket() with hawser's sockets: takes the place of the function of that name in rxjs/webSocket.
import { WebSocket } from '../core/websocket'
import { type WebSocketSubjectConfig, readConfig } from './web-socket-config'
import { SocketSubject } from './web-socket-subject'

/**
 * A connection as a subject: subscribing connects, what is `next`ed is sent, all subscribers share one connection, and
 * it closes when the last one leaves.
 */
export class WebSocketSubject<T> extends SocketSubject<T> {
  /** @throws TypeError, RangeError `INVALID_OPTION`; HawserError `INVALID_STATE` where there is no WebSocket class. */
  constructor(config: string | URL | WebSocketSubjectConfig<T>) {
    super(readConfig(config, WebSocket))
  }
}

/**
 * A connection as a subject, with the names and the behaviour of `rxjs/webSocket`; docs/rxjs.md lists where it differs.
 *
 * @example
 * const prices$ = webSocket<Price>({ url: 'wss://feed.example', reconnect: true })
 * prices$.subscribe((price) => console.log(price))
 * prices$.next({ watch: 'A' })
 * @throws TypeError, RangeError `INVALID_OPTION`
 */
export function webSocket<T>(config: string | URL | WebSocketSubjectConfig<T>): WebSocketSubject<T> {
  return new WebSocketSubject(config)
}
