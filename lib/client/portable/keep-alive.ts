// Where timers keep a program alive, one does so while it is held. In pages they do not: lib/browser/keep-alive.ts takes the
// place of this file.

export function keepAlive(timer: unknown, held: boolean): void {
  const known = timer as { ref?: () => void; unref?: () => void } | undefined
  if (held) known?.ref?.()
  else known?.unref?.()
}
