// What the portable engine uses of its platform: no more than browsers and Node have in common, or than can be missing.

/** What tells of a message: its data are made when they are asked for. */
export interface PlatformMessage {
  readonly data: string | ArrayBuffer
}
/** The WebSocket of the WHATWG, as far as it is used. */
export interface PlatformSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly protocol: string
  binaryType: string
  /** Texts and bytes; what else may be sent differs from platform to platform. */
  send(data: never): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
}
/** A constructor such as the global `WebSocket`. */
export type PlatformSocketConstructor = new (url: string, protocols?: string[]) => PlatformSocket

interface Request<T> {
  result: T
  error: Error | null
  onsuccess: (() => void) | null
  onerror: (() => void) | null
}
interface ObjectStore {
  getAll(): Request<unknown[]>
  put(value: unknown): Request<unknown>
  delete(key: number): Request<unknown>
}
interface Base {
  createObjectStore(name: string, options: object): unknown
  transaction(
    name: string,
    mode?: string,
    options?: object,
  ): {
    error: Error | null
    oncomplete: (() => void) | null
    onabort: (() => void) | null
    objectStore(name: string): ObjectStore
  }
  close(): void
}
/** Of IndexedDB, the parts in use. */
export type IdbRequest<T> = Request<T>
export type IdbStore = ObjectStore

interface Listened {
  addEventListener(name: string, handler: () => void): void
  removeEventListener(name: string, handler: () => void): void
}
interface Locks {
  request(name: string, work: (lock: unknown) => unknown): Promise<unknown>
  request(name: string, options: { ifAvailable: boolean }, work: (lock: unknown) => unknown): Promise<unknown>
}

/** The globals, any of which may be missing. */
export const platform = globalThis as unknown as Partial<Listened> & {
  WebSocket?: PlatformSocketConstructor
  location?: { href: string }
  document?: Listened & { visibilityState: string }
  navigator?: { onLine?: boolean; locks?: Locks }
  indexedDB?: {
    open(name: string, version: number): Request<Base> & { onupgradeneeded: (() => void) | null }
  }
  localStorage?: {
    readonly length: number
    key(index: number): string | null
    getItem(key: string): string | null
    setItem(key: string, value: string): void
    removeItem(key: string): void
  }
}
