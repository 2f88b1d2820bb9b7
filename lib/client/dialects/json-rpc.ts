// JSON-RPC 2.0. Requests and notifications of the server are routed by their method in the core, and so are replies to
// their requests; batches, and requests that ask for an answer, come up.
import { HawserError, HawserTypeError } from '../../core/error'
import { OptionReader, badOption, shown } from '../../core/validate'
import type { Dialect, DialectLink, DialectSession, Frame, OutgoingMessage } from '../dialect'

/** Answers a request of the server: what it returns is the result. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the server sends
export type JsonRpcMethod = (params: any) => unknown

export interface JsonRpcOptions {
  /** What the server may ask, by the names of the methods. Whatever else it asks is "method not found". */
  methods?: Record<string, JsonRpcMethod>
}

/** What handlers get of a JSON-RPC server. */
export interface JsonRpcMessage<Method extends string = string, Params = unknown> {
  jsonrpc: '2.0'
  method: Method
  params: Params
  /** Of what asks for an answer. */
  id?: string | number | null
}

/** Thrown by a method, it becomes the error that the server gets. */
export class JsonRpcError extends Error {
  constructor(
    /** A whole number; -32768 to -32000 are the protocol's own. */
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message)
  }
}

const methodNotFound = -32_601
const internalError = -32_603
const serverBusy = -32_000
/** Requests of the server that may be under way at once; one more is refused. */
const mostAnswers = 1024

/**
 * Speaks JSON-RPC 2.0. `send` is a notification, `request` a request, whose payload is `params`: an array or an object.
 * Handlers get what the server sends as it is: `{ jsonrpc, method, params, id? }`.
 * @throws TypeError `INVALID_OPTION`
 */
export function jsonRpc(options?: JsonRpcOptions): Dialect {
  const reader = new OptionReader('jsonRpc', options, ['methods'])
  const methods = readMethods(reader.raw('methods'))
  return {
    name: 'json-rpc',
    routing: {
      type: '/method',
      payload: '/params',
      correlationId: '/id',
      id: false,
      timestamp: false,
      reply: false,
    },
    session: (link) => new JsonRpcSession(link, methods),
  }
}

function readMethods(given: unknown): ReadonlyMap<string, JsonRpcMethod> {
  if (given === undefined) return new Map()
  if (given === null || typeof given !== 'object') badOption('methods', 'an object of functions', given)
  const methods = Object.entries(given as Record<string, unknown>)
  for (const [name, method] of methods) {
    if (typeof method !== 'function') badOption(`methods.${name}`, 'a function', method)
  }
  return new Map(methods as [string, JsonRpcMethod][])
}

interface Incoming {
  method?: unknown
  params?: unknown
  id?: unknown
  result?: unknown
  error?: unknown
}

class JsonRpcSession implements DialectSession {
  /** Counts connections: an answer goes where the question came from, or nowhere. */
  private connection = 0
  /** Methods under way. */
  private busy = 0

  constructor(
    private readonly link: DialectLink,
    private readonly methods: ReadonlyMap<string, JsonRpcMethod>,
  ) {}

  ended(): void {
    this.connection++
  }

  send({ type, payload, id, kind }: OutgoingMessage): string {
    if (payload !== undefined && (payload === null || typeof payload !== 'object')) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `The params of '${type}' must be an array or an object, not ${shown(payload)}`,
      )
    }
    const request = kind === 'request' ? { id } : {}
    return JSON.stringify({ jsonrpc: '2.0', method: type, params: payload, ...request })
  }

  readReply(message: unknown): { payload: unknown; error: unknown } {
    const { result, error } = message as Incoming
    return { payload: result, error }
  }

  receive(data: Frame): void {
    if (typeof data !== 'string')
      throw new HawserError('INVALID_MESSAGE', 'JSON-RPC knows no binary messages')
    const message = JSON.parse(data) as unknown
    if (Array.isArray(message)) {
      void this.batch(message as unknown[], data.length)
      return
    }
    // Its handlers have been told already: the server asks.
    const { method, id } = message as Incoming
    if (typeof method === 'string') void this.answer(message as Incoming).then((answer) => this.reply(answer))
    // Of those that name a request the core has said that nobody waits for them.
    else if (id === undefined || id === null) this.settle(message as Incoming)
  }

  private async batch(messages: unknown[], bytes: number): Promise<void> {
    const answers: Promise<object | undefined>[] = []
    const { connection } = this
    for (const each of messages) {
      if (each === null || typeof each !== 'object') continue
      const message = each as Incoming
      if (typeof message.method !== 'string') {
        this.settle(message)
        continue
      }
      this.link.message(message.method, message, bytes / messages.length)
      if (message.id !== undefined) answers.push(this.answer(message))
    }
    const all = (await Promise.all(answers)).filter((answer) => answer !== undefined)
    if (all.length > 0 && connection === this.connection) this.link.say(JSON.stringify(all))
  }

  /** A reply that the core did not match: one of a batch, or an error that names no request. */
  private settle({ id, result, error }: Incoming): void {
    const name = typeof id === 'string' ? id : typeof id === 'number' ? String(id) : undefined
    const failed = error !== undefined && error !== null
    if (name !== undefined) {
      if (failed) this.link.refuseRequest(name, error)
      else this.link.answer(name, result)
    } else if (failed) {
      const { message } = error as { message?: unknown }
      this.link.error(
        new HawserError('SERVER_ERROR', `The server answered with an error: ${String(message)}`, {
          cause: error,
        }),
      )
    }
  }

  private reply(answer: object | undefined): void {
    if (answer !== undefined) this.link.say(JSON.stringify(answer))
  }

  /** What to answer; undefined where the connection is gone. */
  private async answer({ method, params, id }: Incoming): Promise<object | undefined> {
    const { connection } = this
    let outcome: object
    this.busy++
    try {
      if (this.busy > mostAnswers) throw new JsonRpcError(serverBusy, 'Too many requests at once')
      const known = this.methods.get(method as string)
      if (known === undefined) throw new JsonRpcError(methodNotFound, 'Method not found')
      outcome = { result: (await known(params)) ?? null }
    } catch (cause) {
      outcome = { error: errorOf(cause) }
      if (!(cause instanceof JsonRpcError)) {
        const words = `The method '${String(method)}' failed`
        this.link.error(new HawserError('LISTENER_FAILED', words, { cause }))
      }
    } finally {
      this.busy--
    }
    return connection === this.connection ? { jsonrpc: '2.0', id, ...outcome } : undefined
  }
}

function errorOf(cause: unknown): object {
  // The words of an error of the program's own are no business of the server's.
  if (!(cause instanceof JsonRpcError)) return { code: internalError, message: 'Internal error' }
  const { code, message, data } = cause
  return data === undefined ? { code, message } : { code, message, data }
}
