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
  const visible = (): void => {
    if (document?.visibilityState !== 'hidden') told.awake()
  }
  const handlers: [Partial<typeof platform> | undefined, string, () => void][] = [
    [platform, 'online', () => told.offline(false)],
    [platform, 'offline', () => told.offline(true)],
    [platform, 'pageshow', visible],
    [document, 'visibilitychange', visible],
  ]
  for (const [target, name, handler] of handlers) target?.addEventListener?.(name, handler)
  if (navigator?.onLine === false) told.offline(true)
  return () => {
    for (const [target, name, handler] of handlers) target?.removeEventListener?.(name, handler)
  }
}
