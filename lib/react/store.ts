// What a component sees: a snapshot that changes at frames only, however often there is news.
import type { SomeClient } from './use-messages'
import type { Connection, Lease } from './connection'
import type { Clock } from './clock'
import { type FrameQueue, type FrameSource, frameQueue } from './frames'

/** What stores have from the provider. */
export interface Surroundings {
  readonly frames: FrameSource
  readonly clock: Clock
}

/**
 * A store does nothing until somebody subscribes, and lets go of everything behind the last one. `S` is an object whose
 * fields are compared to see whether anything is new.
 */
export abstract class Store<S extends object> {
  protected readonly clock: Clock
  private readonly queue: FrameQueue
  private readonly listeners = new Set<() => void>()
  private shown: S | undefined
  private server: S | undefined

  constructor({ frames, clock }: Surroundings) {
    this.queue = frameQueue(frames)
    this.clock = clock
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // React may give the same function twice.
    const entry = (): void => listener()
    this.listeners.add(entry)
    if (this.listeners.size === 1) {
      try {
        this.start()
      } catch (error) {
        // React gets nothing that would end it.
        this.listeners.delete(entry)
        this.stop()
        throw error
      }
      // React looks at the snapshot right after it has subscribed.
      this.take()
    }
    return () => {
      if (!this.listeners.delete(entry) || this.listeners.size > 0) return
      this.queue.remove(this.publish)
      this.stop()
    }
  }
  readonly getSnapshot = (): S => (this.shown ??= this.compose())
  /** The same on the server and where a page takes over what the server rendered. */
  readonly getServerSnapshot = (): S => (this.server ??= this.initial())

  protected get inUse(): boolean {
    return this.listeners.size > 0
  }
  /** There is news: it is shown with the next frame. */
  protected changed(): void {
    if (this.inUse) this.queue.add(this.publish)
    else this.take()
  }
  private readonly publish = (): void => {
    if (this.take()) for (const listener of [...this.listeners]) listener()
  }
  private take(): boolean {
    const next = this.compose()
    if (this.shown !== undefined && same(this.shown, next)) return false
    this.shown = next
    return true
  }

  protected abstract start(): void
  protected abstract stop(): void
  /** How things are. */
  protected abstract compose(): S
  /** How they are where nothing has begun. */
  protected abstract initial(): S
}

function same<S extends object>(a: S, b: S): boolean {
  const keys = Object.keys(a) as (keyof S)[]
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]))
}

/** A store that uses a client while it is watched. */
export abstract class ClientStore<S extends object> extends Store<S> {
  private lease: Lease | undefined
  private undo: (() => void)[] = []

  constructor(
    surroundings: Surroundings,
    protected readonly connection: Connection,
  ) {
    super(surroundings)
  }

  protected start(): void {
    this.lease = this.connection.acquire(this.clock)
    if (this.lease !== undefined) this.attach(this.lease.client)
  }
  protected stop(): void {
    for (const undo of this.undo.splice(0).reverse()) undo()
    this.lease?.release()
    this.lease = undefined
  }
  /** To be done when the store lets go of the client. */
  protected finally(undo: () => void): void {
    this.undo.push(undo)
  }
  /** The client in use. */
  protected get held(): SomeClient | undefined {
    return this.lease?.client
  }

  /** At each connection, and now if there is one. */
  protected whenConnected(client: SomeClient, run: () => void): void {
    if (client.state === 'connected') run()
    this.finally(
      client.onStateChange((state) => {
        if (state === 'connected') run()
      }),
    )
  }

  protected abstract attach(client: SomeClient): void
}
