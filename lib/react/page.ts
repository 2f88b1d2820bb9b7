// What is used of the page, where there is one. Looked up at each use: tests and tools replace these.

interface Listened {
  addEventListener(name: string, handler: () => void): void
  removeEventListener(name: string, handler: () => void): void
}
export interface BrowserNotification {
  onclick: (() => void) | null
  close(): void
}
interface Tone {
  frequency: { value: number }
  connect(target: unknown): void
  start(): void
  stop(at: number): void
  onended: (() => void) | null
}
export interface Page {
  document?: Listened & { visibilityState: string; hasFocus?(): boolean }
  focus?(): void
  Notification?: (new (title: string, options: object) => BrowserNotification) & {
    permission: 'default' | 'granted' | 'denied'
    requestPermission(): Promise<'default' | 'granted' | 'denied'>
  }
  Audio?: new (url: string) => { play(): Promise<void> }
  AudioContext?: new () => {
    currentTime: number
    destination: unknown
    createOscillator(): Tone
    createGain(): { gain: { value: number }; connect(target: unknown): void }
    close(): Promise<void>
  }
}

export function page(): Page {
  return globalThis as unknown as Page
}

/** Whether somebody looks at the page. */
export function isSeen(): boolean {
  return page().document?.visibilityState === 'visible'
}
/** Calls the function when somebody begins to look at the page; the returned function ends that. */
export function whenSeen(run: () => void): () => void {
  const { document } = page()
  if (document === undefined) return () => undefined
  const changed = (): void => {
    if (isSeen()) run()
  }
  document.addEventListener('visibilitychange', changed)
  return () => document.removeEventListener('visibilitychange', changed)
}
