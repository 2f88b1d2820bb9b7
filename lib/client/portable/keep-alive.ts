// Where timers keep a program alive, they do so for a client that is connected or on its way there. In pages they do not:
// lib/browser/keep-alive.ts takes the place of this file.
import type { ClientStateName } from '../engine'

const resting: readonly ClientStateName[] = ['idle', 'disconnected', 'failed']

export function keepAlive(timer: unknown, referenced: boolean, state: ClientStateName): void {
  const known = timer as { ref?: () => void; unref?: () => void } | undefined
  if (referenced && !resting.includes(state)) known?.ref?.()
  else known?.unref?.()
}
