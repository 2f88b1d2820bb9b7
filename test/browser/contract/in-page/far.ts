// Node's objects in a page: what is read, set or called of one is asked of Node, by a request that the page waits for.
import type { Answer, News, Question } from '../host'
import { type Names, type Reference, type Wire, fromWire, toWire } from '../wire'

/** The parts of a page that are used here. */
interface Request {
  open(method: string, url: string, later: boolean): void
  send(text: string): void
  responseText: string
}
declare const XMLHttpRequest: new () => Request
declare const location: { href: string; host: string }

const page = crypto.randomUUID()
const news = new WebSocket(`ws://${location.host}/?page=${page}`)
const opened = new Promise<void>((resolve) => news.addEventListener('open', () => resolve()))
function tell(one: News): void {
  if (news.readyState === WebSocket.OPEN) news.send(JSON.stringify(one))
  else void opened.then(() => news.send(JSON.stringify(one)))
}

let turn = 1
let asked = false
const { port1, port2 } = new MessageChannel()
port1.onmessage = () => {
  asked = false
  tell({ endOfTurn: turn++ })
}

function ask(question: Question): unknown {
  if (!asked) {
    asked = true
    port2.postMessage(0)
  }
  const request = new XMLHttpRequest()
  request.open('POST', `/?page=${page}`, false)
  request.send(JSON.stringify({ turn, question }))
  const answer = JSON.parse(request.responseText) as Answer
  if ('error' in answer) throw errorOf(answer.error)
  return fromWire(answer.value, names)
}

interface Waited {
  promise: Promise<unknown>
  settle(answer: Answer): void
}

class PageNames implements Names {
  /** Node's objects here, and their ids. */
  private readonly far = new Map<number, object>()
  private readonly ids = new WeakMap<object, number>()
  private readonly shared = new WeakSet()
  private readonly promises = new Map<number, Waited>()
  private readonly mine: object[] = []
  private readonly mineIds = new Map<object, number>()

  known(value: object): Reference | undefined {
    const id = this.ids.get(value)
    return id === undefined ? undefined : { is: 'instance', yours: true, id }
  }
  give(value: object, is: Reference['is']): Reference {
    let id = this.mineIds.get(value)
    if (id === undefined) {
      // Promises have ids from 1 on: see `waited` of the host.
      id = this.mine.push(value)
      this.mineIds.set(value, id)
      if (is === 'promise') report(id, value as Promise<unknown>)
    }
    return { is, yours: false, id }
  }
  note(value: object, { id }: Reference): void {
    this.ids.set(value, id)
  }
  take({ is, yours, id, kind }: Reference): unknown {
    if (yours) return this.mine[id - 1]
    if (is === 'promise') return this.waited(id).promise
    let far = this.far.get(id)
    if (far === undefined) {
      // Whether it can be called is for Node to say; a function that is made is one for `new` too.
      far = new Proxy(function () {}, new Far({ is, yours, id, kind }))
      this.far.set(id, far)
      this.ids.set(far, id)
    }
    if (is === 'function' && kind !== undefined) this.shared.add(far)
    return far
  }
  /** Whether a class has it, and not one of its instances. */
  isMethod(value: unknown): boolean {
    return this.shared.has(value as object)
  }
  waited(id: number): Waited {
    let one = this.promises.get(id)
    if (one === undefined) {
      let settle: Waited['settle'] = () => undefined
      const promise = new Promise<unknown>((resolve, reject) => {
        settle = (answer) => {
          if ('value' in answer) resolve(fromWire(answer.value, this))
          else reject(errorOf(answer.error))
        }
      })
      one = { promise, settle }
      // It may be looked at later than it fails.
      one.promise.catch(() => undefined)
      this.promises.set(id, one)
    }
    return one
  }
}
const names = new PageNames()
const errorOf = (wire: Wire): Error => fromWire(wire, names) as Error
const out = (value: unknown): Wire => toWire(value, names)

function report(id: number, promise: Promise<unknown>): void {
  promise.then(
    (value) => tell({ promise: id, answer: { value: out(value) } }),
    (error: unknown) => tell({ promise: id, answer: { error: out(error) } }),
  )
}

/** Of each class, what is the same for all its instances and so is asked for once. */
const methodsOf = new Map<number | undefined, Map<string | symbol, unknown>>()

/** Of one of Node's objects. */
class Far implements ProxyHandler<object> {
  private readonly self: Wire
  private readonly methods: Map<string | symbol, unknown>

  constructor({ is, id, kind }: Reference) {
    this.self = { is, yours: true, id }
    const shared = is === 'instance' ? kind : undefined
    this.methods = methodsOf.get(shared) ?? new Map<string | symbol, unknown>()
    if (shared !== undefined) methodsOf.set(shared, this.methods)
  }
  get(_target: object, key: string | symbol): unknown {
    if (key === Symbol.hasInstance)
      return (value: unknown) => isFar(value) && ask({ do: 'is', of: this.self, value: out(value) })
    return this.methods.get(key) ?? this.property(key)
  }
  set(_target: object, key: string | symbol, value: unknown): boolean {
    return ask({ do: 'set', of: this.self, key: out(key), value: out(value) }) as boolean
  }
  has(_target: object, key: string | symbol): boolean {
    return ask({ do: 'has', of: this.self, key: out(key) }) as boolean
  }
  private property(key: string | symbol): unknown {
    const value = ask({ do: 'get', of: this.self, key: out(key) })
    if (isFar(value) && names.isMethod(value)) this.methods.set(key, value)
    return value
  }
  apply(_target: object, on: unknown, args: unknown[]): unknown {
    return ask({ do: 'call', of: this.self, on: out(on), with: args.map(out) })
  }
  construct(_target: object, args: unknown[]): object {
    return ask({ do: 'make', of: this.self, with: args.map(out) }) as object
  }
}
const isFar = (value: unknown): boolean =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  names.known(value) !== undefined

news.addEventListener('message', ({ data }) => {
  const one = JSON.parse(data as string) as News
  if ('promise' in one) names.waited(one.promise).settle(one.answer)
  else if ('call' in one) answer(one.call, one.of, one.with)
})
function answer(call: number, of: Wire, args: Wire[]): void {
  let said: Answer
  try {
    const run = fromWire(of, names) as (...args: unknown[]) => unknown
    said = { value: out(run(...args.map((one) => fromWire(one, names)))) }
  } catch (error) {
    said = { error: out(error) }
  }
  tell({ promise: -call, answer: said })
}

const modules = new Map<string, Record<string, unknown>>()

/** A name of one of Node's modules, as the host lists them. */
export function farName(module: string, name: string): unknown {
  let one = modules.get(module)
  if (one === undefined)
    modules.set(module, (one = ask({ do: 'module', name: module }) as Record<string, unknown>))
  return one[name]
}
/** Settles once the page is connected to its host. */
export const connected = (): Promise<void> => opened
