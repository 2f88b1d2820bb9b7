// Events of a client that are no message types: who listens to them, and how they are told.
import type { HawserError } from '../core/error'
import type { ConnectionInfo } from './client-status'
import type { ClientStateName } from './engine'
import type { ResumeFailure } from './rooms'

/** Events that are no message types. Message types of these names need `subscribe`. */
export interface ClientEvents {
  state: [state: ClientStateName, info: ConnectionInfo]
  error: [error: HawserError]
  /** A text without a type. */
  message: [text: string]
  binary: [data: Buffer]
  /** After a reconnect: messages of a room are lost, or the room is. */
  resume_failed: [failure: ResumeFailure]
}
const lifecycle = ['state', 'error', 'message', 'binary', 'resume_failed'] as const
export type Lifecycle = (typeof lifecycle)[number]
export type LifecycleHandler<E extends Lifecycle> = (...args: ClientEvents[E]) => unknown

export function isLifecycle(name: string): name is Lifecycle {
  return (lifecycle as readonly string[]).includes(name)
}

type Handler = (...args: never[]) => unknown

/** Where a handler's own error goes: what an EventEmitter's would have become, without keeping others from their turn. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

export class ClientListeners {
  /** Made with the first one: many clients have none. */
  private sets: Map<Lifecycle, Set<Handler>> | undefined

  add(name: Lifecycle, handler: Handler): void {
    this.sets ??= new Map()
    const set = this.sets.get(name) ?? new Set()
    this.sets.set(name, set.add(handler))
  }
  remove(name: Lifecycle, handler: Handler): void {
    this.sets?.get(name)?.delete(handler)
  }
  has(name: Lifecycle): boolean {
    return (this.sets?.get(name)?.size ?? 0) > 0
  }

  emit<E extends Lifecycle>(name: E, ...args: ClientEvents[E]): void {
    const listeners = this.sets?.get(name)
    if (listeners === undefined) return
    // Those of now: what a listener adds hears the next event, what it takes off hears no more.
    for (const listener of [...listeners]) {
      if (!listeners.has(listener)) continue
      try {
        ;(listener as LifecycleHandler<E>)(...args)
      } catch (error) {
        reportUncaught(error)
      }
    }
  }
}
