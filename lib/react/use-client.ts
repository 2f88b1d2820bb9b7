// The provider's client itself.
import { useMemo } from 'react'
import type { WebSocketClient } from '../index'
import type { AnyProtocol, ProtocolMap } from '../client/protocol-map'
import { useConnection, useStore, useSurroundings } from './context'
import { ClientStore } from './store'
import type { SomeClient } from './use-messages'

class HeldClient extends ClientStore<{ client: SomeClient | null }> {
  protected attach(): void {
    // To hold it is all.
  }
  protected compose(): { client: SomeClient | null } {
    return { client: this.connection.client }
  }
  protected initial(): { client: SomeClient | null } {
    return { client: null }
  }
}

/**
 * The provider's client; null on the server, and in the first rendering below a provider with `url`.
 * @throws HawserError `INVALID_STATE` without a provider
 */
export function useClient<P extends ProtocolMap = AnyProtocol>(): WebSocketClient<P> | null {
  const connection = useConnection('useClient', undefined)
  const surroundings = useSurroundings()
  const store = useMemo(() => new HeldClient(surroundings, connection), [surroundings, connection])
  return useStore(store).client as WebSocketClient<P> | null
}
