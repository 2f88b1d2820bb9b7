// A request and what became of it. At most one is under way.
import type { RequestOptions } from '../index'
import type { Connection } from './connection'
import { stateError } from './engine'
import { ClientStore, type Surroundings } from './store'
import type { SomeClient } from './use-messages'
import type { RequestStatus } from './use-request'

interface Shown {
  status: RequestStatus
  isPending: boolean
  data: unknown
  error: Error | undefined
}
interface RequestSpec {
  options: RequestOptions
  success(reply: unknown): void
  failure(error: Error): void
}

const nothing: Shown = { status: 'idle', isPending: false, data: undefined, error: undefined }

export class RequestStore extends ClientStore<Shown> {
  readonly actions = {
    request: (...args: unknown[]) => this.request(args.length > 0 ? args[0] : this.payload),
    cancel: () => this.cancel(),
    reset: () => {
      this.data = undefined
      this.cancel()
    },
  }
  private payload: unknown
  private status: RequestStatus = 'idle'
  private data: unknown
  private error: Error | undefined
  private running: AbortController | undefined

  constructor(
    surroundings: Surroundings,
    connection: Connection,
    private readonly type: string,
    private readonly spec: RequestSpec,
  ) {
    super(surroundings, connection)
  }

  /**
   * What is asked from now on. `immediate`: ask behind the present turn, when all components are there that are to be.
   * @returns takes it back, with what is under way
   */
  prepare(payload: unknown, immediate: boolean): (() => void) | undefined {
    this.payload = payload
    if (!immediate) return undefined
    let due = true
    queueMicrotask(() => {
      if (due && this.inUse) this.request(payload).catch(() => undefined)
    })
    return () => {
      due = false
      this.abort()
    }
  }

  private request(payload: unknown): Promise<unknown> {
    const client = this.held
    if (client === undefined) {
      return quiet(Promise.reject(stateError('There is no client yet, or the component is gone')))
    }
    this.abort()
    const running = (this.running = new AbortController())
    this.show('pending', undefined)
    const reply = client.request(this.type, payload, { ...this.spec.options, signal: running.signal })
    const told = reply.then(
      (data: unknown) => {
        if (this.running !== running) return data
        this.running = undefined
        this.data = data
        this.show('success', undefined)
        this.spec.success(data)
        return data
      },
      (error: unknown) => {
        if (this.running === running) {
          this.running = undefined
          this.show('error', error as Error)
          this.spec.failure(error as Error)
        }
        throw error
      },
    )
    return quiet(told)
  }

  private show(status: RequestStatus, error: Error | undefined): void {
    this.status = status
    this.error = error
    this.changed()
  }
  private abort(): void {
    const { running } = this
    this.running = undefined
    running?.abort()
  }
  private cancel(): void {
    this.abort()
    this.show(this.data === undefined ? 'idle' : 'success', undefined)
  }

  protected attach(_client: SomeClient): void {
    this.finally(() => {
      if (this.running === undefined) return
      this.abort()
      this.status = this.data === undefined ? 'idle' : 'success'
    })
  }
  protected compose(): Shown {
    const { status, data, error } = this
    return { status, isPending: status === 'pending', data, error }
  }
  protected initial(): Shown {
    return nothing
  }
}

/** Nobody has to await it: what goes wrong is shown. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
