// Node's side of the cases that run in pages: their servers. A page uses them as if they were its own, by requests that it
// waits for; from its first one in a turn of its event loop until the end of that turn Node's loop stands still, so that
// what a case does at once happens at once, as where both are in one thread.
import { join } from 'node:path'
import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads'
import { DEADLINE, type Deferred, deferred, within } from '../../support/waiters'
import { type Names, type Reference, type Wire, fromWire, toWire } from './wire'

/** A module's names. */
export type Module = Record<string, unknown>

/** What a page asks for. */
export type Question =
  | { do: 'module'; name: string }
  | { do: 'get' | 'has'; of: Wire; key: Wire }
  | { do: 'set'; of: Wire; key: Wire; value: Wire }
  | { do: 'call'; of: Wire; on: Wire; with: Wire[] }
  | { do: 'make'; of: Wire; with: Wire[] }
  | { do: 'is'; of: Wire; value: Wire }
export type Answer = { value: Wire } | { error: Wire }
/** What either side tells the other: calls of functions of the page, and what became of promises. */
export type News =
  { call: number; of: Wire; with: Wire[] } | { promise: number; answer: Answer } | { endOfTurn: number }

interface Letter {
  kind: 'call' | 'told' | 'gone' | 'listening'
  page: string
  call: number
  text: string
  port: number
}

/** The others would be late for their peers if one had more at a time, on a machine with much else to do. */
const longestTurn = 2_000

/** Numbers of classes. */
class Classes {
  private readonly ids = new Map<unknown, number>()

  of(value: object): number {
    const prototype: unknown = Object.getPrototypeOf(value)
    const id = this.ids.get(prototype) ?? this.ids.size
    this.ids.set(prototype, id)
    return id
  }
}

/** What one page knows of Node, and Node of it. */
class PageSide implements Names {
  private readonly objects: object[] = []
  private readonly ids = new Map<object, number>()
  /** Functions of the page, as Node calls them. */
  private readonly theirs = new Map<number, object>()
  private readonly theirIds = new Map<object, Reference>()
  private readonly classes = new Classes()
  private readonly answered = new Map<number, Answer>()
  private readonly answers = new Map<number, Deferred<unknown>>()
  private calls = 0

  constructor(
    private readonly load: (name: string) => Module,
    private readonly tell: (news: News) => void,
    /** Stands still until the page has answered a call; false where it cannot, as the page itself waits for Node. */
    private readonly hasAnswered: (call: number) => boolean,
  ) {}

  known(value: object): Reference | undefined {
    return this.theirIds.get(value)
  }
  note(value: object, { is, id }: Reference): void {
    this.theirIds.set(value, { is, yours: true, id })
  }
  give(value: object, is: Reference['is']): Reference {
    let id = this.ids.get(value)
    if (id === undefined) {
      id = this.objects.push(value) - 1
      this.ids.set(value, id)
      if (is === 'promise') this.follow(id, value as Promise<unknown>)
    }
    if (is !== 'instance') return { is, yours: false, id }
    return { is, yours: false, id, kind: this.classes.of(value) }
  }
  take({ is, yours, id }: Reference): unknown {
    if (yours) return this.objects[id]
    if (is === 'promise') return this.waited(id).promise
    if (is === 'instance') throw new Error('an object of the page that is not plain cannot be used in Node')
    let theirs = this.theirs.get(id)
    if (theirs === undefined) {
      theirs = (...args: unknown[]) => this.callPage({ is, yours: true, id }, args)
      this.theirs.set(id, theirs)
      this.note(theirs, { is, yours, id })
    }
    return theirs
  }

  answer(question: Question): Answer {
    try {
      return { value: this.look(question) }
    } catch (error) {
      return { error: toWire(error, this) }
    }
  }
  hear(news: News): void {
    if ('promise' in news) this.settle(news.promise, news.answer)
  }
  /** Whether it is the answer to a call that Node stands still for. */
  hearAnswer(news: News, call: number): boolean {
    if (!('promise' in news) || news.promise !== -call) {
      this.hear(news)
      return false
    }
    this.answered.set(call, news.answer)
    return true
  }

  private look(question: Question): Wire {
    if (question.do === 'module') return this.give(this.load(question.name), 'instance')
    const of = fromWire(question.of, this)
    const out = (value: unknown): Wire => toWire(value, this)
    const args = (wires: Wire[]): unknown[] => wires.map((one) => fromWire(one, this))
    switch (question.do) {
      case 'get':
        return this.property(of as object, fromWire(question.key, this) as string)
      case 'has':
        return out((fromWire(question.key, this) as string) in (of as object))
      case 'set':
        ;(of as Module)[fromWire(question.key, this) as string] = fromWire(question.value, this)
        return true
      case 'call':
        return out(Reflect.apply(of as () => unknown, fromWire(question.on, this), args(question.with)))
      case 'make':
        return out(Reflect.construct(of as new () => unknown, args(question.with)))
      case 'is':
        return out(fromWire(question.value, this) instanceof (of as new () => unknown))
    }
  }

  private property(of: object, key: string): Wire {
    const wire = toWire((of as Module)[key], this)
    const shared = typeof wire === 'object' && wire?.is === 'function' && !Object.hasOwn(of, key)
    return shared ? { ...wire, kind: this.classes.of(of) } : wire
  }
  /** Calls a function of the page: at once, or where the page waits for Node later, with a promise. */
  private callPage(of: Wire, args: unknown[]): unknown {
    const call = ++this.calls
    this.tell({ call, of, with: args.map((one) => toWire(one, this)) })
    if (this.hasAnswered(call)) {
      const answer = this.answered.get(call)!
      this.answered.delete(call)
      if ('error' in answer) throw fromWire(answer.error, this)
      return fromWire(answer.value, this)
    }
    const { promise } = this.waited(-call)
    // Whether it failed is for those that use it.
    promise.catch(() => undefined)
    return promise
  }
  /** Promises of the page by their ids, and its answers by calls below zero. */
  private waited(id: number): Deferred<unknown> {
    let one = this.answers.get(id)
    if (one === undefined) this.answers.set(id, (one = deferred<unknown>()))
    return one
  }
  private settle(id: number, answer: Answer): void {
    const one = this.waited(id)
    if ('value' in answer) one.resolve(fromWire(answer.value, this))
    else one.reject(fromWire(answer.error, this) as Error)
    if (id < 0) this.answers.delete(id)
  }
  private follow(id: number, promise: Promise<unknown>): void {
    promise.then(
      (value) => this.tell({ promise: id, answer: { value: toWire(value, this) } }),
      (error: unknown) => this.tell({ promise: id, answer: { error: toWire(error, this) } }),
    )
  }
}

export class Host {
  private readonly pages = new Map<string, PageSide>()
  private readonly letters = new Int32Array(new SharedArrayBuffer(4))
  private readonly channel = new MessageChannel()
  private readonly listening = deferred<string>()
  private readonly worker: Worker
  /** A page has its turn. */
  private staying = false
  /** What came from other pages meanwhile. */
  private readonly later: Letter[] = []

  /** @param load finds a module of Node by the name that pages know it by */
  constructor(
    private readonly load: (name: string) => Module,
    program: string,
  ) {
    const { port1, port2 } = this.channel
    this.worker = new Worker(join(__dirname, 'post-office.mjs'), {
      workerData: { port: port2, letters: this.letters, program },
      transferList: [port2],
    })
    port1.on('message', (letter: Letter) => {
      // Behind those of its page that are left from a turn of another one.
      this.later.push(letter)
      this.readLater()
    })
  }

  /** Where pages are. */
  url(): Promise<string> {
    return within(this.listening.promise, 'address of the pages')
  }
  async close(): Promise<void> {
    this.channel.port1.close()
    await this.worker.terminate()
  }

  private readLater(): void {
    for (let next = this.later.shift(); next !== undefined; next = this.later.shift()) this.read(next)
  }
  private read(letter: Letter): void {
    if (letter.kind === 'listening') {
      this.listening.resolve(`http://127.0.0.1:${letter.port}/`)
      return
    }
    if (letter.kind === 'gone') {
      this.pages.delete(letter.page)
      return
    }
    const page = this.page(letter.page)
    if (letter.kind === 'told') page.hear(JSON.parse(letter.text) as News)
    else this.stayWith(page, letter)
  }

  private page(name: string): PageSide {
    let page = this.pages.get(name)
    if (page === undefined) {
      const tell = (news: News): void =>
        this.channel.port1.postMessage({ page: name, text: JSON.stringify(news) })
      page = new PageSide(this.load, tell, (call) => this.answers(name, call))
      this.pages.set(name, page)
    }
    return page
  }

  /** Answers a page until its turn is over. */
  private stayWith(page: PageSide, first: Letter): void {
    this.staying = true
    let turn = this.reply(page, first)
    this.attend(
      first.page,
      longestTurn,
      (news) => {
        if (!('endOfTurn' in news)) page.hear(news)
        return 'endOfTurn' in news && news.endOfTurn >= turn
      },
      (letter) => (turn = this.reply(page, letter)),
    )
    this.staying = false
  }
  /** Whether a page has answered a call, which it does unless it is in the middle of a turn of its own. */
  private answers(name: string, call: number): boolean {
    const page = this.pages.get(name)
    if (this.staying || page === undefined) return false
    this.staying = true
    const done = this.attend(
      name,
      DEADLINE,
      (news) => page.hearAnswer(news, call),
      (letter) => this.reply(page, letter),
    )
    this.staying = false
    if (this.later.length > 0) setImmediate(() => this.readLater())
    return done
  }
  /** Does what one page wants until it says what is waited for. */
  private attend(
    name: string,
    longest: number,
    isIt: (news: News) => boolean,
    called: (letter: Letter) => unknown,
  ): boolean {
    const end = performance.now() + longest
    for (;;) {
      const before = Atomics.load(this.letters, 0)
      const letter = this.laterOf(name) ?? this.received()
      const left = end - performance.now()
      if (letter === undefined) {
        if (left <= 0 || Atomics.wait(this.letters, 0, before, left) === 'timed-out') return false
        continue
      }
      if (letter.page !== name || letter.kind === 'gone') {
        this.later.push(letter)
        if (letter.page === name) return false
      } else if (letter.kind === 'call') {
        called(letter)
        if (left <= 0) return false
      } else if (isIt(JSON.parse(letter.text) as News)) {
        return true
      }
    }
  }
  private received(): Letter | undefined {
    return receiveMessageOnPort(this.channel.port1)?.message
  }
  private laterOf(page: string): Letter | undefined {
    const at = this.later.findIndex((letter) => letter.page === page)
    return at < 0 ? undefined : this.later.splice(at, 1)[0]
  }
  private reply(page: PageSide, { text, call }: Letter): number {
    const { turn, question } = JSON.parse(text) as { turn: number; question: Question }
    const answer = page.answer(question)
    this.channel.port1.postMessage({ call, text: JSON.stringify(answer) })
    return turn
  }
}
