// A page of Chromium that playwright leaves alone. It tells a program of every request of its pages, which costs more than
// the requests do: this one is for pages that make thousands.
import type { Browser } from 'playwright-core'
import { within } from '../../support/waiters'

/** Of CDP's `ExceptionDetails` and `RemoteObject`, what is used. */
interface Thrown {
  text: string
  exception?: { description?: string }
}
interface Remote {
  value?: unknown
  description?: string
}
interface Answer {
  result?: unknown
  error?: { message: string }
}
/** An answer, or an event. */
interface Message extends Answer {
  id?: number
  method?: string
  params?: { exceptionDetails?: Thrown; type?: string; args?: Remote[] }
}

export interface QuietPage {
  /** Uncaught errors, and messages of `console.error`. */
  faults: string[]
  /** The value of an expression, or that of its promise. */
  evaluate<T>(expression: string): Promise<T>
  close(): Promise<void>
}

const told = ({ text, exception }: Thrown): string => exception?.description ?? text

/** Opens a page in a context of its own; it is there once it is loaded. */
export async function openQuietly(browser: Browser, url: string): Promise<QuietPage> {
  const devtools = await browser.newBrowserCDPSession()
  const { browserContextId } = await devtools.send('Target.createBrowserContext')
  const { targetId } = await devtools.send('Target.createTarget', { url: 'about:blank', browserContextId })
  const { sessionId } = await devtools.send('Target.attachToTarget', { targetId })

  const faults: string[] = []
  const waiting = new Map<number, (answer: Answer) => void>()
  const loaded = new Set<() => void>()
  devtools.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, method, params = {}, result, error } = JSON.parse(message) as Message
    if (id !== undefined) waiting.get(id)?.({ result, error })
    else if (method === 'Page.loadEventFired') for (const tell of loaded) tell()
    else if (method === 'Runtime.exceptionThrown') faults.push(told(params.exceptionDetails!))
    else if (method === 'Runtime.consoleAPICalled' && params.type === 'error')
      faults.push(
        params.args!.map(({ value, description }) => description ?? JSON.stringify(value)).join(' '),
      )
    else if (method === 'Inspector.targetCrashed') lost()
  })
  const lost = (): void => {
    for (const answer of waiting.values()) answer({ error: { message: 'the page is gone' } })
  }
  devtools.on('Target.detachedFromTarget', lost)
  browser.on('disconnected', lost)

  let calls = 0
  const send = async <T>(method: string, params: object = {}): Promise<T> => {
    const id = ++calls
    const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve))
    try {
      const message = JSON.stringify({ id, method, params })
      await devtools.send('Target.sendMessageToTarget', { sessionId, message })
      const { result, error } = await answer
      if (error !== undefined) throw new Error(`${method}: ${error.message}`)
      return result as T
    } finally {
      waiting.delete(id)
    }
  }
  for (const domain of ['Inspector', 'Page', 'Runtime']) await send(`${domain}.enable`)
  const load = new Promise<void>((resolve) => loaded.add(resolve))
  await send('Page.navigate', { url })
  await within(load, 'load of the page')
  return {
    faults,
    async evaluate<T>(expression: string) {
      const words = { expression, awaitPromise: true, returnByValue: true }
      const answer = await send<{ result: Remote; exceptionDetails?: Thrown }>('Runtime.evaluate', words)
      if (answer.exceptionDetails !== undefined) throw new Error(told(answer.exceptionDetails))
      return answer.result.value as T
    },
    async close() {
      browser.off('disconnected', lost)
      await devtools.send('Target.disposeBrowserContext', { browserContextId })
      await devtools.detach()
    },
  }
}
