// Where a platform keeps durable messages: IndexedDB, or localStorage where there is none. Several pages may use one
// store: each owns what it put there, and takes over what the pages before it left behind.

import { type IdbRequest, type IdbStore, platform } from './platform'

/** A message as it lies in a store. */
export interface StoredMessage {
  key: number
  line: string
  /** Of the client that put it there. */
  owner: string
  id: string
  data: string | Uint8Array
  priority: number
  /** Milliseconds since the epoch; 0: never. */
  expiresAt: number
  joinable: boolean
}

/** Every call may be rejected, and the store is of no use then. */
export interface MessageStore {
  /** All messages of the line, in the order of their keys. */
  load(): Promise<StoredMessage[]>
  /** Resolves with the key when the message is safe; with a key, it takes the place of the one there. */
  put(message: Omit<StoredMessage, 'key'> & { key?: number }): Promise<number>
  remove(key: number): Promise<unknown>
  close(): void
}

const table = 'messages'

function request<T>(asked: IdbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error ?? new Error('IndexedDB failed'))
  })
}

/** `fsync`: a message is safe only when the disk has it. */
export async function openIndexedDb(name: string, line: string, fsync: boolean): Promise<MessageStore> {
  const opening = (platform.indexedDB as NonNullable<typeof platform.indexedDB>).open(`hawser:${name}`, 1)
  opening.onupgradeneeded = () =>
    void opening.result.createObjectStore(table, { keyPath: 'key', autoIncrement: true })
  const base = await request(opening)
  const durability = fsync ? 'strict' : 'relaxed'
  const change = (act: (store: IdbStore) => IdbRequest<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const work = base.transaction(table, 'readwrite', { durability })
      const asked = act(work.objectStore(table))
      work.oncomplete = () => resolve(asked.result)
      work.onabort = () => reject(work.error ?? asked.error ?? new Error('IndexedDB failed'))
    })
  return {
    load: async () => {
      const all = await request(base.transaction(table).objectStore(table).getAll())
      return (all as StoredMessage[]).filter((one) => one.line === line)
    },
    put: async (message) => (await change((store) => store.put(message))) as number,
    remove: (key) => change((store) => store.delete(key)),
    close: () => base.close(),
  }
}

export function openLocalStorage(name: string, line: string): MessageStore {
  const prefix = `hawser:${name}:${line}:`
  const storage = platform.localStorage as NonNullable<typeof platform.localStorage>
  const at = (key: number): string => prefix + String(key)
  let last = 0
  return {
    load: async () => {
      const found: StoredMessage[] = []
      for (let i = 0; i < storage.length; i++) {
        const name = storage.key(i) ?? ''
        if (!name.startsWith(prefix)) continue
        const one = JSON.parse(storage.getItem(name) ?? '') as StoredMessage & { bytes?: number[] }
        found.push(one.bytes === undefined ? one : { ...one, data: Uint8Array.from(one.bytes) })
      }
      return Promise.resolve(found.sort((a, b) => a.key - b.key))
    },
    put: async (message) => {
      let key = message.key ?? Math.max(last + 1, Date.now() * 1000)
      if (message.key === undefined) while (storage.getItem(at(key)) !== null) key++
      last = Math.max(last, key)
      const { data } = message
      const bytes = typeof data === 'string' ? {} : { data: '', bytes: [...data] }
      storage.setItem(at(key), JSON.stringify({ ...message, ...bytes, key }))
      return Promise.resolve(key)
    },
    remove: async (key) => {
      storage.removeItem(at(key))
      return Promise.resolve()
    },
    close: () => undefined,
  }
}

/** Opens what the platform has; `kind` insists on one. */
export async function openStore(
  name: string,
  line: string,
  { fsync, kind }: { fsync: boolean; kind: string },
): Promise<MessageStore> {
  if (kind !== 'localStorage' && platform.indexedDB !== undefined) return openIndexedDb(name, line, fsync)
  if (kind !== 'indexedDB' && platform.localStorage !== undefined) return openLocalStorage(name, line)
  throw new Error('this platform has no ' + (kind === '' ? 'IndexedDB and no localStorage' : kind))
}

/**
 * Takes over what the owners before left in a store, where their pages are gone, and keeps others from taking what is
 * `me`'s until `release` is called. Where there are no locks, one client at a time uses a line.
 */
export async function adopt(
  store: MessageStore,
  place: string,
  me: string,
): Promise<{ left: StoredMessage[]; release: () => void }> {
  const { locks } = platform.navigator ?? {}
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const lock = (owner: string): string => `hawser:${place}:${owner}`
  if (locks !== undefined) {
    await new Promise<void>((granted, failed) => {
      locks
        .request(lock(me), () => {
          granted()
          return held
        })
        .catch(failed)
    })
  }
  const left: StoredMessage[] = []
  const all = await store.load()
  const take = async (owner: string): Promise<void> => {
    for (const one of all) {
      if (one.owner !== owner) continue
      await store.put({ ...one, owner: me })
      left.push(one)
    }
  }
  for (const owner of new Set(all.map((one) => one.owner))) {
    if (locks === undefined) await take(owner)
    else
      await locks.request(lock(owner), { ifAvailable: true }, (got) =>
        got === null ? undefined : take(owner),
      )
  }
  return { left: left.sort((a, b) => a.key - b.key), release }
}
