// What `useConnectionStatus` shows. Queue, latency and health are looked at from time to time: nobody tells of them.
import type { EngineMetrics } from '../client/engine'
import type { Connection } from './connection'
import { connectionActions } from './socket-store'
import { ClientStore, type Surroundings } from './store'
import type { ConnectionStatusInfo } from './use-connection-status'
import type { SomeClient } from './use-messages'

const nothing: ConnectionStatusInfo = {
  state: 'idle',
  isConnected: false,
  url: '',
  attempt: 0,
  nextRetryAt: undefined,
  lastConnected: undefined,
  error: undefined,
  queueDepth: 0,
  queuedBytes: 0,
  latency: undefined,
  health: 0,
}

/** Figures of a client; a double has none. */
export function metricsOf(client: SomeClient): Partial<EngineMetrics> {
  return (client as Partial<Pick<SomeClient, 'getPerformanceMetrics'>>).getPerformanceMetrics?.() ?? {}
}

export class StatusStore extends ClientStore<ConnectionStatusInfo> {
  readonly actions
  private nextRetryAt: number | undefined
  private lastConnected: Date | undefined

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    private readonly poll: number,
  ) {
    super(surroundings, connection)
    this.actions = connectionActions(connection)
  }

  protected attach(client: SomeClient): void {
    this.finally(
      client.onStateChange(() => {
        this.note(client)
        this.changed()
      }),
    )
    this.note(client)
    if (this.poll > 0) this.look()
  }
  private note(client: SomeClient): void {
    const { state, nextDelay } = client.getConnectionInfo()
    this.nextRetryAt = state === 'reconnecting' && nextDelay > 0 ? this.clock.now() + nextDelay : undefined
  }
  private look(): void {
    let cancel = (): void => undefined
    const again = (): void => {
      cancel = this.clock.after(this.poll, () => {
        this.changed()
        again()
      })
    }
    again()
    this.finally(() => cancel())
  }

  protected compose(): ConnectionStatusInfo {
    const { client } = this.connection
    if (client === null) return nothing
    const { state, url, reconnectAttempts, lastConnected, error } = client.getConnectionInfo()
    const metrics = metricsOf(client)
    // The same date stays the same object: snapshots are compared field by field.
    if (this.lastConnected?.getTime() !== lastConnected?.getTime()) this.lastConnected = lastConnected
    const { latencyCount = 0, latencyLast = 0 } = metrics
    return {
      state,
      isConnected: state === 'connected',
      url,
      attempt: reconnectAttempts,
      nextRetryAt: this.nextRetryAt,
      lastConnected: this.lastConnected,
      error,
      queueDepth: metrics.queued ?? (client as { waiting?: unknown[] }).waiting?.length ?? 0,
      queuedBytes: metrics.queuedBytes ?? 0,
      latency: latencyCount > 0 ? latencyLast : undefined,
      health: metrics.health ?? (state === 'connected' ? 100 : 0),
    }
  }
  protected initial(): ConnectionStatusInfo {
    return nothing
  }
}
