// Application messages: authorized, through the middleware, to their handlers, and answered.
import { isThenable } from '../decide'
import { DedupeWindow, type Seen } from './dedupe'
import { type HubMessage, correlationOf, payloadText, writeMessage } from './envelope'
import type { HubConnection } from './hub-connection'
import type { HubCore } from './hub-core'
import { HubError } from './hub-error'

/**
 * Sees every message before its handlers. It may change it. False, or a promise of it, stops the message here; what it
 * throws is the answer.
 */
export type Middleware<Context = HubConnection> = (message: HubMessage, context: Context) => unknown
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- payloads are typed at the hub
export type Handler = (payload: any, context: any, message: HubMessage) => unknown

/** Types whose handlers are known by name. */
const keptTypes = 1024
type Waiting = Seen<HubConnection> | undefined

export class Dispatcher {
  private readonly exact = new Map<string, Handler[]>()
  private readonly patterns: { pattern: string; handler: Handler }[] = []
  private readonly requests = new Map<string, Handler>()
  private readonly middleware: Middleware[] = []
  private readonly resolved = new Map<string, readonly Handler[]>()
  private readonly window: DedupeWindow<HubConnection>

  constructor(
    private readonly core: HubCore,
    /** Pauses a connection, or lets it go on. */
    private readonly pause: (connection: HubConnection, paused: boolean) => void,
  ) {
    const { count, age } = core.options.dedupe
    this.window = new DedupeWindow(count, age)
  }

  // -------------------------------------------------------------------------------------------------- registration

  on(pattern: string, handler: Handler): void {
    if (pattern === '*' || pattern.endsWith('.*')) this.patterns.push({ pattern, handler })
    else {
      const known = this.exact.get(pattern)
      if (known === undefined) this.exact.set(pattern, [handler])
      else known.push(handler)
    }
    this.resolved.clear()
  }

  off(pattern: string, handler: Handler): void {
    const i = this.patterns.findIndex((one) => one.pattern === pattern && one.handler === handler)
    if (i >= 0) this.patterns.splice(i, 1)
    const left = this.exact.get(pattern)?.filter((one) => one !== handler) ?? []
    if (left.length > 0) this.exact.set(pattern, left)
    else this.exact.delete(pattern)
    this.resolved.clear()
  }

  /** False: the type has a handler already. */
  handle(type: string, handler: Handler): boolean {
    if (this.requests.has(type)) return false
    this.requests.set(type, handler)
    return true
  }
  unhandle(type: string): void {
    this.requests.delete(type)
  }

  use(middleware: Middleware): void {
    this.middleware.push(middleware)
  }

  private handlers(type: string): readonly Handler[] {
    let found = this.resolved.get(type)
    if (found === undefined) {
      const matching = this.patterns.filter(
        ({ pattern }) => pattern === '*' || type.startsWith(pattern.slice(0, -1)),
      )
      found = [...(this.exact.get(type) ?? []), ...matching.map(({ handler }) => handler)]
      if (this.resolved.size >= keptTypes) this.resolved.clear()
      this.resolved.set(type, found)
    }
    return found
  }

  // ------------------------------------------------------------------------------------------------------- a message

  /** Takes a message. A promise: the next one of the connection has to wait for it. */
  take(connection: HubConnection, message: HubMessage): Promise<void> | undefined {
    let seen: Waiting
    // What wants an answer, which could not be sent: it comes again, elsewhere, or was asked in vain.
    const { farewell } = this.core
    if (farewell?.without(connection) === true && (message.ack === true || this.requests.has(message.type)))
      return undefined
    if (message.ack === true) {
      if (message.id === undefined) {
        connection.fail(new HubError('INVALID_MESSAGE', 'A message with `ack` needs an `id`'), undefined)
        return undefined
      }
      const now = Date.now()
      const key = `${connection.userId ?? ''}\n${message.id}`
      const known = this.window.find(key, now)
      if (known !== undefined) {
        this.core.counters.duplicates++
        known.waiter = connection
        if (known.answer !== undefined) connection.sendText(known.answer)
        return undefined
      }
      seen = this.window.add(key, connection, now)
    }
    try {
      const gate = this.gate(connection, message)
      if (typeof gate === 'boolean') {
        if (gate) this.run(connection, message, seen)
        else this.done(message, seen)
        return undefined
      }
      return gate.then(
        (passes) => {
          if (passes) this.run(connection, message, seen)
          else this.done(message, seen)
        },
        (error: unknown) => this.refuse(connection, message, seen, error),
      )
    } catch (error) {
      this.refuse(connection, message, seen, error)
      return undefined
    }
  }

  /** Membership, authorization and middleware; false: a middleware has stopped it. */
  private gate(connection: HubConnection, message: HubMessage): boolean | Promise<boolean> {
    const { room, type } = message
    if (room !== undefined && !connection.inRoom(room)) {
      throw new HubError('NOT_A_MEMBER', 'Join the room before sending to it')
    }
    const { authorize } = this.core.options
    if (authorize !== undefined) {
      const allowed = authorize(connection, 'send', room, type)
      if (typeof allowed !== 'boolean') {
        return Promise.resolve(allowed).then((answer) => {
          checkAllowed(answer)
          return this.through(connection, message, 0)
        })
      }
      checkAllowed(allowed)
    }
    return this.middleware.length === 0 || this.through(connection, message, 0)
  }

  private through(connection: HubConnection, message: HubMessage, first: number): boolean | Promise<boolean> {
    for (let i = first; i < this.middleware.length; i++) {
      const result = this.middleware[i](message, connection)
      if (result === false) return false
      if (isThenable(result)) {
        return Promise.resolve(result).then((value) =>
          value === false ? false : this.through(connection, message, i + 1),
        )
      }
    }
    return true
  }

  private run(connection: HubConnection, message: HubMessage, seen: Waiting): void {
    const { type, payload } = message
    const handlers = this.handlers(type)
    const request = this.requests.get(type)
    if (handlers.length === 0 && request === undefined) {
      this.refuse(connection, message, seen, new HubError('UNKNOWN_TYPE', `Nobody handles '${type}'`))
      return
    }
    const start = performance.now()
    let waiting: Promise<unknown>[] | undefined
    try {
      for (const handler of handlers) {
        const result = handler(payload, connection, message)
        if (isThenable(result)) (waiting ??= []).push(Promise.resolve(result))
      }
      if (request !== undefined) {
        this.core.counters.requests++
        const result = request(payload, connection, message)
        if (isThenable(result)) (waiting ??= []).push(this.replyLater(connection, message, result))
        else this.reply(connection, message, result)
      }
    } catch (error) {
      waiting?.forEach((one) => void one.catch(() => undefined))
      this.refuse(connection, message, seen, error)
      return
    }
    if (waiting === undefined) {
      this.core.counters.took(performance.now() - start)
      this.done(message, seen)
      return
    }
    if (++connection.inFlight === this.core.options.maxPending) this.pause(connection, true)
    Promise.all(waiting)
      .then(
        () => this.done(message, seen),
        (error: unknown) => this.refuse(connection, message, seen, error),
      )
      .finally(() => {
        this.core.counters.took(performance.now() - start)
        if (connection.inFlight-- === this.core.options.maxPending) this.pause(connection, false)
        this.core.farewell?.settled(connection)
      })
  }

  // --------------------------------------------------------------------------------------------------------- answers

  private reply(connection: HubConnection, message: HubMessage, result: unknown): void {
    const correlationId = correlationOf(message)
    if (correlationId === undefined) return
    const payload = payloadText(message.type, result)
    connection.sendText(writeMessage('reply', { correlationId, payload }, Date.now()))
  }

  private async replyLater(
    connection: HubConnection,
    message: HubMessage,
    result: PromiseLike<unknown>,
  ): Promise<void> {
    const { handlerTimeout } = this.core.options
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new HubError('TIMEOUT', `The request took longer than ${handlerTimeout} ms`))
      }, handlerTimeout)
    })
    try {
      this.reply(connection, message, await Promise.race([result, late]))
    } finally {
      clearTimeout(timer)
    }
  }

  private done(message: HubMessage, seen: Waiting): void {
    if (seen === undefined) return
    this.core.counters.acks++
    seen.answer = writeMessage('ack', { correlationId: message.id }, Date.now())
    seen.waiter.sendText(seen.answer)
  }

  private refuse(connection: HubConnection, message: HubMessage, seen: Waiting, error: unknown): void {
    if (seen === undefined) connection.fail(error, correlationOf(message))
    // As an ack would: under the id.
    else seen.answer = seen.waiter.fail(error, message.id)
  }
}

function checkAllowed(allowed: unknown): void {
  if (allowed !== true) throw new HubError('UNAUTHORIZED', 'This message may not be sent')
}
