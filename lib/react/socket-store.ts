// What `useWebSocket` shows: state and latest messages.
import type { ConnectionInfo } from '../client/client-status'
import type { ClientStateName } from '../client/engine'
import type { SubscribeSpec } from '../client/subscription-spec'
import type { HawserError } from '../core/error'
import type { ClientSendOptions, RequestOptions } from '../index'
import type { Connection } from './connection'
import { stateError } from './engine'
import { History } from './history'
import { ClientStore, type Surroundings } from './store'
import type { SomeClient } from './use-messages'

export interface SocketHandlers {
  message: (message: unknown) => void
  text: (text: string) => void
  binary: (data: Uint8Array) => void
  state: (state: ClientStateName, info: ConnectionInfo) => void
  error: (error: HawserError) => void
}
interface SocketSpec {
  messages: false | Omit<SubscribeSpec, 'columns'> | undefined
  history: number | undefined
  handlers: SocketHandlers
  wants: { text: boolean; binary: boolean }
}
interface Shown {
  state: ClientStateName
  isConnected: boolean
  error: HawserError | undefined
  lastMessage: unknown
  messageHistory: readonly unknown[]
  client: SomeClient | null
}

const nothing: Shown = {
  state: 'idle',
  isConnected: false,
  error: undefined,
  lastMessage: undefined,
  messageHistory: [],
  client: null,
}

/** What every hook of a connection can do with it. */
export function connectionActions(connection: Connection): {
  connect: () => Promise<void>
  disconnect: (code?: number, reason?: string) => Promise<void>
  reconnect: () => Promise<void>
} {
  const on = async (act: (client: SomeClient) => Promise<void>): Promise<void> => act(present(connection))
  // Buttons that call these await nothing: what goes wrong is a state.
  const quiet = (promise: Promise<void>): Promise<void> => {
    promise.catch(() => undefined)
    return promise
  }
  return {
    connect: () => quiet(on((client) => client.connect())),
    disconnect: (code, reason) => quiet(on((client) => client.disconnect(code, reason))),
    reconnect: () => quiet(on((client) => client.reconnect())),
  }
}

/** @throws HawserError `INVALID_STATE` */
export function present(connection: Connection): SomeClient {
  if (connection.client === null) {
    throw stateError(
      'There is no client yet: call this in an effect or an event handler, not while rendering',
    )
  }
  return connection.client
}

export class SocketStore extends ClientStore<Shown> {
  readonly actions
  private readonly history: History<unknown>

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    private readonly spec: SocketSpec,
  ) {
    super(surroundings, connection)
    this.history = new History(spec.history ?? 100)
    this.actions = {
      ...connectionActions(connection),
      sendMessage: (type: string, payload?: unknown, options?: ClientSendOptions) =>
        present(connection).send(type, payload, options),
      request: (type: string, payload?: unknown, options?: RequestOptions) =>
        present(connection).request(type, payload, options),
      clearHistory: () => {
        this.history.clear()
        this.changed()
      },
    }
  }

  protected attach(client: SomeClient): void {
    const { messages, handlers, wants } = this.spec
    if (messages !== false) {
      const spec = { type: '*', ...messages }
      const subscription = client.subscribe(spec, (given: unknown) => {
        const list = Array.isArray(given) ? (given as unknown[]) : [given]
        for (const message of list) this.history.push(message)
        this.changed()
        for (const message of list) handlers.message(message)
      })
      this.finally(() => subscription.unsubscribe())
    }
    this.finally(
      client.onStateChange((state, info) => {
        this.changed()
        handlers.state(state, info)
      }),
    )
    const { error, text, binary } = handlers
    client.on('error', error)
    this.finally(() => void client.off('error', error))
    if (wants.text) {
      client.on('message', text)
      this.finally(() => void client.off('message', text))
    }
    if (wants.binary) {
      client.on('binary', binary)
      this.finally(() => void client.off('binary', binary))
    }
  }

  protected compose(): Shown {
    const { history } = this
    const { client } = this.connection
    if (client === null) return { ...nothing, messageHistory: history.list() }
    const { state } = client
    return {
      state,
      isConnected: state === 'connected',
      error: client.getConnectionInfo().error,
      lastMessage: history.latest,
      messageHistory: history.list(),
      client,
    }
  }
  protected initial(): Shown {
    return nothing
  }
}
