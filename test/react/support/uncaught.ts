/** What is reported as uncaught while `run` is under way. */
export async function uncaughtWhile(run: (told: readonly Error[]) => Promise<void>): Promise<void> {
  const told: Error[] = []
  const hear = (event: ErrorEvent): void => {
    event.preventDefault()
    told.push(event.error as Error)
  }
  window.addEventListener('error', hear)
  try {
    await run(told)
  } finally {
    window.removeEventListener('error', hear)
  }
}
