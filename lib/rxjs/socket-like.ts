// What is needed of a WebSocket, so that hawser's, a browser's, those of ws and undici, and a test's all do. Written as
// methods, whose parameters TypeScript compares both ways, so that observers typed for the DOM's events fit too.

export interface SocketMessage {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in the DOM
  readonly data: any
}

export interface SocketClose {
  readonly code: number
  readonly reason: string
  /** Whether both sides exchanged close frames. */
  readonly wasClean: boolean
}

/** Any W3C WebSocket. */
export interface SocketLike {
  readonly readyState: number
  binaryType: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each maker has events of its own
  onopen: ((event: any) => unknown) | null
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  onmessage: ((event: any) => unknown) | null
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  onerror: ((event: any) => unknown) | null
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  onclose: ((event: any) => unknown) | null
  send(data: never): unknown
  close(code?: number, reason?: string): void
}

export type SocketConstructor = new (url: string, protocols?: string | string[]) => SocketLike

/** `WebSocket.OPEN`. */
export const OPEN = 1

/** An observer of something that happens to a connection. */
export interface EventObserver<E> {
  next(event: E): void
}

/** Tells an observer. What it throws is the program's uncaught error, and keeps nothing here from going on. */
export function notify<E>(observer: EventObserver<E> | undefined, event: E): void {
  try {
    observer?.next(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
