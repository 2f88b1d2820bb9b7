// What goes through a client, for developers to look at: what comes is subscribed to, what is sent is overheard.
import type { SomeClient } from './use-messages'

export interface TapEntry {
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly direction: 'in' | 'out' | 'state' | 'error'
  readonly type: string
  readonly data: unknown
}
type Said = Omit<TapEntry, 'seq' | 'at'>

/** What is overheard; the client's own methods are its prototype's. */
const overheard = ['send', 'request', 'sendBinary'] as const

/**
 * Tells of all that a client sends and receives, until the returned function is called. Meanwhile its methods `send`,
 * `request` and `sendBinary` are others that call them.
 */
export function tap(client: SomeClient, told: (said: Said) => void): () => void {
  const undo: (() => void)[] = []
  const incoming = client.subscribe({ type: '*' }, (message: { type: string }) =>
    told({ direction: 'in', type: message.type, data: message }),
  )
  undo.push(() => incoming.unsubscribe())
  undo.push(
    client.onStateChange((state, { error }) =>
      told({ direction: 'state', type: state, data: error?.message }),
    ),
  )
  const text = (data: string): void => told({ direction: 'in', type: '(text)', data })
  const binary = (data: Uint8Array): void =>
    told({ direction: 'in', type: '(binary)', data: `${data.length} bytes` })
  const failed = (error: Error & { code?: string }): void =>
    told({ direction: 'error', type: error.code ?? error.name, data: error.message })
  client.on('message', text).on('binary', binary).on('error', failed)
  undo.push(() => void client.off('message', text).off('binary', binary).off('error', failed))

  const methods = client as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of overheard) {
    const own = Object.hasOwn(methods, name)
    const before = methods[name]
    const instead = function (this: unknown, ...args: unknown[]): unknown {
      const [first, payload, options] = args
      if (name === 'sendBinary') told({ direction: 'out', type: '(binary)', data: options })
      else {
        const room = (options as { room?: string } | undefined)?.room
        const data = {
          ...(name === 'request' && { request: true }),
          ...(room !== undefined && { room }),
          payload,
        }
        told({ direction: 'out', type: String(first), data })
      }
      return before.apply(client, args)
    }
    methods[name] = instead
    undo.push(() => {
      if (methods[name] !== instead) return
      if (own) methods[name] = before
      else Reflect.deleteProperty(methods, name)
    })
  }
  return () => {
    for (const one of undo.reverse()) one()
  }
}
