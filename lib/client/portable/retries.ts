// Which messages that wait for an ack are sent again.
import type { QueueSettings } from './send-queue'
import type { Message } from './waiting-line'

interface Due {
  back: Message[]
  /** No retry is left to those. */
  spent: Message[]
}

/**
 * Go back N: the first that is due takes with it all that were sent after it, so that their order stays. Those that wait
 * again are taken out.
 */
export function dueAgain(
  unacked: Set<Message>,
  { ackTimeout, retries }: Pick<QueueSettings, 'ackTimeout' | 'retries'>,
  now: number,
): Due {
  const back: Message[] = []
  const spent: Message[] = []
  let again = false
  for (const message of unacked) {
    if (message.ackDeadline > now) break
    if (message.timeouts >= retries) spent.push(message)
    else again = true
  }
  if (!again) return { back, spent }
  for (const message of unacked) {
    // Without a retry left it waits for its ack to the end.
    if (message.timeouts >= retries) continue
    // A companion that was sent just now has not used its retry.
    if (message.ackDeadline - now <= ackTimeout / 2) message.timeouts++
    unacked.delete(message)
    back.push(message)
  }
  return { back, spent }
}
