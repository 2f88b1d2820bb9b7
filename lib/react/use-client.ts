import type { WebSocketClient } from '../index'
import type { AnyProtocol, ProtocolMap } from '../client/protocol-map'

/**
 * The provider's client; null on the server, and in the first rendering below a provider with `url`.
 * @throws HawserError `INVALID_STATE` without a provider
 */
export function useClient<P extends ProtocolMap = AnyProtocol>(): WebSocketClient<P> | null {
  throw new Error('not there yet')
}
