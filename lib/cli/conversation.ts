// What `connect` does with a connection: say what it was given, read what there is to say, and know when to end.
import { exits } from './command'

/** A connection, as the command sees it. */
export interface Peer {
  /** Resolves once there is a connection. Rejects when what had to be done first has failed. */
  open(): Promise<void>
  /** Says one message of the input; resolves when there is room for the next. Rejects with a MistypedLine. */
  take(message: string | Buffer): Promise<void>
  /** Resolves with the exit code when the connection has ended and none follows. */
  readonly ended: Promise<number>
  /** Ends it in good order, behind what was said; what arrives meanwhile still counts. */
  close(): Promise<void>
}

/** A line that cannot be sent: a remark, not the end. */
export class MistypedLine extends Error {}

export interface Goals {
  /** Said first. */
  sends: readonly string[]
  /** Said then; undefined: nothing. */
  input: AsyncIterable<string | Buffer> | undefined
  /** Stay until the other side ends it. */
  stays: boolean
  /** After what was said, listen until nothing has come for so many milliseconds. */
  wait: number
  /** When the last message came, or the like of it happened; by `performance.now()`. */
  lastHeard: () => number
  /** Give up after so many milliseconds; 0: never. */
  timeout: number
  /** Resolves when as many messages have come as were asked for; undefined: none were. */
  counted: Promise<void> | undefined
  signal: AbortSignal
  /** Hears of lines that cannot be sent. */
  refused: (why: string) => void
}

/** For those whose end is told by `ended`. */
export const never = new Promise<never>(() => {})

/** Resolves with the exit code. */
export async function converse(peer: Peer, goals: Goals): Promise<number> {
  const { sends, input, counted, signal } = goals
  const said = { wrong: false }
  const say = async (message: string | Buffer): Promise<void> => {
    try {
      await peer.take(message)
    } catch (error) {
      if (!(error instanceof MistypedLine)) throw error
      said.wrong = true
      goals.refused(error.message)
    }
  }
  const work = async (): Promise<'done'> => {
    await peer.open()
    for (const message of sends) await say(message)
    if (input !== undefined) for await (const message of input) await say(message)
    if (counted !== undefined) return await never
    if (goals.stays) return await never
    const began = performance.now()
    for (;;) {
      const left = Math.max(began, goals.lastHeard()) + goals.wait - performance.now()
      if (left <= 0) break
      await new Promise((resolve) => setTimeout(resolve, left))
    }
    return 'done'
  }
  let late: NodeJS.Timeout | undefined
  try {
    const how = await Promise.race([
      work(),
      counted?.then(() => 'done' as const) ?? never,
      peer.ended,
      aborted(signal),
      goals.timeout === 0
        ? never
        : new Promise<'timeout'>((resolve) => {
            late = setTimeout(() => resolve('timeout'), goals.timeout)
          }),
    ])
    // The end may have come in the same turn as what was waited for.
    if (typeof how === 'number') return counted === undefined || how !== exits.ok ? how : exits.failure
    await peer.close()
    if (how === 'timeout') {
      goals.refused(`after ${goals.timeout / 1000} s what was waited for has not come`)
      return exits.failure
    }
    return said.wrong && input === undefined ? exits.failure : exits.ok
  } finally {
    clearTimeout(late)
  }
}

function aborted(signal: AbortSignal): Promise<'stopped'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('stopped')
    else signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
}
