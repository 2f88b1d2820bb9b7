// When the run is to end: asked by a signal, by the time, by a reader that went away, by something that broke.

/** Signals closer together than this are one: npm passes on what the terminal has sent already. */
const together = 500

/**
 * @returns {{ asked: Promise<string>, insisted: Promise<void>, end: (trouble?: string) => void }} asked: resolves with
 *   what went wrong, or ''; insisted: resolves when a second signal asks for the end at once
 */
export function ending() {
  let end
  let insist
  let first = 0
  const asked = new Promise((resolve) => (end = resolve))
  const insisted = new Promise((resolve) => (insist = resolve))
  const signalled = () => {
    if (first === 0) first = performance.now()
    else if (performance.now() - first > together) insist()
    end('')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, signalled)
  // Nobody reads any more, as in `npm run demo | head`.
  process.stdout.on('error', () => end(''))
  return { asked, insisted, end: (trouble = '') => end(trouble) }
}
