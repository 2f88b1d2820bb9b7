// What a browser tells of the device and the page: whether there is a network, and whether somebody looks.
import { platform } from './platform'

export interface Surroundings {
  offline(offline: boolean): void
  /** The page is looked at again, or came back from where the browser had put it. */
  awake(): void
}

/** Listens until the returned function is called. Where there is nothing to listen to, nothing is ever told. */
export function watch(told: Surroundings): () => void {
  const { document, navigator } = platform
  if (platform.addEventListener === undefined) return () => undefined
  const page = platform as Required<Pick<typeof platform, 'addEventListener' | 'removeEventListener'>>
  const visible = (): void => {
    if (document?.visibilityState !== 'hidden') told.awake()
  }
  const handlers: [typeof page, string, () => void][] = [
    [page, 'online', () => told.offline(false)],
    [page, 'offline', () => told.offline(true)],
    [page, 'pageshow', visible],
  ]
  if (document !== undefined) handlers.push([document, 'visibilitychange', visible])
  for (const [target, name, handler] of handlers) target.addEventListener(name, handler)
  if (navigator?.onLine === false) told.offline(true)
  return () => {
    for (const [target, name, handler] of handlers) target.removeEventListener(name, handler)
  }
}
