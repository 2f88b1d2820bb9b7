// Tabs that are hidden while another one is in front. Pages that playwright opens are made to believe that they are
// looked at, always; so these are spoken to in the words of the DevTools protocol.
import type { CDPSession } from 'playwright-core'
import { until } from '../../support/waiters'
import type { TestBrowser } from './chromium'

export class Tab {
  private ids = 0
  private readonly answers = new Map<number, (answer: Answer) => void>()

  private constructor(
    private readonly session: CDPSession,
    private readonly targetId: string,
    private readonly sessionId: string,
  ) {
    session.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId !== sessionId) return
      const answer = JSON.parse(event.message) as Answer
      this.answers.get(answer.id)?.(answer)
      this.answers.delete(answer.id)
    })
  }

  /** A tab of the browser's one window, in front of those that are there. */
  static async open({ browser }: TestBrowser, url: string): Promise<Tab> {
    const session = await browser.newBrowserCDPSession()
    const { targetId } = await session.send('Target.createTarget', { url })
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false })
    return new Tab(session, targetId, sessionId)
  }

  /** What an expression comes to, as JSON. */
  async evaluate(expression: string): Promise<unknown> {
    const id = ++this.ids
    const answer = new Promise<Answer>((resolve) => this.answers.set(id, resolve))
    const params = { expression, awaitPromise: true, returnByValue: true }
    const message = JSON.stringify({ id, method: 'Runtime.evaluate', params })
    await this.session.send('Target.sendMessageToTarget', { sessionId: this.sessionId, message })
    const { result, error } = await answer
    if (error !== undefined || result?.exceptionDetails !== undefined)
      throw new Error(JSON.stringify(result ?? error))
    return result?.result.value
  }
  /** Settles once an expression holds. */
  async until(expression: string): Promise<void> {
    let holds = false
    let asking = false
    let fault = ''
    // A page that is being left, or loaded, cannot say.
    const ask = async (): Promise<void> => {
      asking = true
      try {
        holds = (await this.evaluate(`!!(${expression})`)) === true
      } catch (error) {
        fault = `: ${String(error)}`
      }
      asking = false
    }
    try {
      await until(() => {
        if (!asking && !holds) void ask()
        return holds
      })
    } catch (error) {
      throw new Error(`not ${expression}${fault}`, { cause: error })
    }
  }
  async bringToFront(): Promise<void> {
    await this.session.send('Target.activateTarget', { targetId: this.targetId })
  }
  async close(): Promise<void> {
    await this.session.send('Target.closeTarget', { targetId: this.targetId })
    await this.session.detach()
  }
}

interface Answer {
  id: number
  result?: { result: { value: unknown }; exceptionDetails?: unknown }
  error?: unknown
}
