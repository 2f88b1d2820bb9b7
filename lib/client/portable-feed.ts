// Messages that JavaScript has read itself, on their way to the handlers of a router: the shell around `RouteSet`, with
// a clock and a timer.
import type { ClientEngine, EngineMetrics } from './engine'
import type { MessageRouter, RoutedClient } from './message-router'
import { dispatch } from './portable/dispatch'
import { RouteSet } from './portable/route-set'

/** A timer takes no longer time. */
const longest = 0x7fffffff

export class PortableFeed {
  readonly routes: RouteSet
  private timer: ReturnType<typeof setTimeout> | undefined
  private timerAt = Infinity

  constructor(client: { readonly router: MessageRouter | undefined; readonly routed: RoutedClient }) {
    this.routes = new RouteSet({
      message: (routes, message) => client.router?.message(client.routed, routes, message as object),
      batch: (route, messages) => client.router?.batch(client.routed, route, messages),
    })
  }

  take(type: string, message: unknown, bytes: number): void {
    dispatch(this.routes, type, message, bytes, performance.now())
    this.plan()
  }

  /** Routes of a client whose engine reads some of its messages, and JavaScript the others. */
  beside(engine: ClientEngine): RoutedClient['engine'] {
    const { routes } = this
    return {
      addRoute: (route, spec) => {
        engine.addRoute(route, spec)
        routes.add(route, spec)
      },
      removeRoute: (route) => {
        engine.removeRoute(route)
        routes.remove(route)
      },
    }
  }

  /** The engine's figures, with what was routed here. */
  metrics(engine: EngineMetrics): EngineMetrics {
    const { routes } = this
    const { conflated, sampledOut, notNumbers } = routes.counters
    return {
      ...engine,
      routed: engine.routed + routes.routed,
      unrouted: engine.unrouted + routes.unrouted,
      conflated: engine.conflated + conflated,
      sampledOut: engine.sampledOut + sampledOut,
      notNumbers: engine.notNumbers + notNumbers,
    }
  }

  /** The client is closed: what is held goes out. */
  end(): void {
    clearTimeout(this.timer)
    this.timerAt = Infinity
    this.routes.flush(performance.now())
  }

  private plan(): void {
    const due = this.routes.deadline
    // One that fires too early does nothing and is set anew.
    if (due >= this.timerAt) return
    clearTimeout(this.timer)
    this.timerAt = due
    const wait = Math.min(longest, Math.max(1, Math.ceil(due - performance.now())))
    this.timer = setTimeout(() => {
      this.timerAt = Infinity
      this.routes.run(performance.now())
      this.plan()
    }, wait)
    ;(this.timer as { unref?: () => void }).unref?.()
  }
}
