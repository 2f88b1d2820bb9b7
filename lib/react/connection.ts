// Where hooks have their client from: one that the program lends, or one that is made for those who name its URL.
import type { ManagedClientOptions } from '../index'
import type { Clock } from './clock'
import { makeClient } from './engine'
import type { SomeClient } from './use-messages'

/** A client in use. */
export interface Lease {
  readonly client: SomeClient
  /** Ends the use; a second call does nothing. */
  release(): void
}
export interface Connection {
  /** The present client; null while there is none. */
  readonly client: SomeClient | null
  /** Undefined: there is nothing to be had. */
  acquire(clock: Clock): Lease | undefined
}

export const noConnection: Connection = { client: null, acquire: () => undefined }

// ------------------------------------------------------------------------------------------------- what is in use

const users = new Map<SomeClient, number>()
const watchers = new Set<() => void>()
let list: readonly SomeClient[] = []

/** Clients that hooks and providers use now; the same array until that changes. */
export function clientsInUse(): readonly SomeClient[] {
  return list
}
export function watchClients(listener: () => void): () => void {
  watchers.add(listener)
  return () => void watchers.delete(listener)
}
function listed(): void {
  list = [...users.keys()]
  for (const watcher of [...watchers]) watcher()
}
/** Once more, or once less; how often it is used now. */
function count(client: SomeClient, by: 1 | -1): number {
  const before = users.get(client) ?? 0
  const now = before + by
  if (now > 0) users.set(client, now)
  else users.delete(client)
  if (before === 0 || now === 0) listed()
  return now
}

function leaseOf(client: SomeClient, ended: () => void): Lease {
  let open = true
  count(client, 1)
  return {
    client,
    release() {
      if (!open) return
      open = false
      count(client, -1)
      ended()
    },
  }
}

/** Its failure is told as a state. */
function start(client: SomeClient): void {
  if (client.state === 'idle') client.connect().catch(() => undefined)
}

// ----------------------------------------------------------------------------------------------- lent by the program

class LentConnection implements Connection {
  constructor(
    readonly client: SomeClient,
    private readonly autoConnect: boolean,
  ) {}
  acquire(): Lease {
    const lease = leaseOf(this.client, () => undefined)
    if (this.autoConnect) start(this.client)
    return lease
  }
}

const lentOnes = [new WeakMap<SomeClient, Connection>(), new WeakMap<SomeClient, Connection>()]

export function lent(client: SomeClient, autoConnect: boolean): Connection {
  const known = lentOnes[Number(autoConnect)]
  let connection = known.get(client)
  if (connection === undefined) known.set(client, (connection = new LentConnection(client, autoConnect)))
  return connection
}

// --------------------------------------------------------------------------------------------------- made by URL

interface Made {
  readonly client: SomeClient
  users: number
  /** Takes back that it will be closed. */
  stay: (() => void) | undefined
}

/** By key; an object as key is shared with nobody. */
const made = new Map<unknown, Made>()

export interface UrlConnectionOptions {
  readonly autoConnect: boolean
  readonly linger: number
  readonly options: ManagedClientOptions
}

export class UrlConnection implements Connection {
  private readonly key: unknown

  constructor(
    key: string | undefined,
    private readonly how: UrlConnectionOptions,
  ) {
    this.key = key ?? this
  }

  get client(): SomeClient | null {
    return made.get(this.key)?.client ?? null
  }

  acquire(clock: Clock): Lease {
    let entry = made.get(this.key)
    if (entry === undefined) {
      entry = { client: makeClient(this.how.options), users: 0, stay: undefined }
      made.set(this.key, entry)
    }
    const mine = entry
    mine.users++
    mine.stay?.()
    mine.stay = undefined
    const lease = leaseOf(mine.client, () => this.left(mine, clock))
    if (this.how.autoConnect) start(mine.client)
    return lease
  }

  /** A component that comes again at once, as all do under StrictMode, finds it still there. */
  private left(entry: Made, clock: Clock): void {
    if (--entry.users > 0) return
    entry.stay = clock.after(this.how.linger, () => {
      made.delete(this.key)
      void entry.client.close()
    })
  }
}

const ids = new WeakMap<object, number>()
let lastId = 0

/** What two components must have in common to share a connection. */
export function connectionKey(
  urls: readonly (string | URL)[],
  options: object,
  share: boolean | string,
): string | undefined {
  if (share === false) return undefined
  const what = typeof share === 'string' ? { share } : options
  return JSON.stringify([urls.map(String), what], (_name, value: unknown) => {
    if (typeof value === 'function') return 'ƒ'
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return value
    // Objects of classes are equal to themselves only.
    let id = ids.get(value)
    if (id === undefined) ids.set(value, (id = ++lastId))
    return `#${id}`
  })
}
