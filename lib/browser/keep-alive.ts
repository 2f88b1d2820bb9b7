// Timers of pages keep nothing alive. Takes the place of lib/client/portable/keep-alive.ts.

export function keepAlive(): void {
  // There is nothing to do.
}
