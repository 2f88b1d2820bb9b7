// When components hear of news: at most once a frame, whatever comes in between.

/** Calls functions before the next frame is painted. */
export interface FrameSource {
  /** Calls `run` once; the returned function takes that back. */
  request(run: () => void): () => void
}

interface Page {
  requestAnimationFrame?: (run: () => void) => number
  cancelAnimationFrame?: (handle: number) => void
  document?: { visibilityState: string }
}

/** Milliseconds between two updates where nothing is painted. */
const unseen = 100
/** Frames stop coming without a word when a window is covered, or a frame scrolled away. */
const overdue = 500

/** Somebody may look at the page, so that it is painted. */
export function isSeen(): boolean {
  return (globalThis as unknown as Page).document?.visibilityState !== 'hidden'
}

/** Frames of the page; a timer where there are none, as in a page that nobody looks at. */
export const pageFrames: FrameSource = {
  request(run) {
    // Looked up at each call: tests and tools replace these.
    const page = globalThis as unknown as Page
    const { requestAnimationFrame: request, cancelAnimationFrame: cancel } = page
    const paints = request !== undefined && isSeen()
    let frame: number | undefined
    const stop = (): void => {
      clearTimeout(timer)
      if (frame !== undefined) cancel?.call(page, frame)
    }
    const once = (): void => {
      stop()
      run()
    }
    const timer = setTimeout(once, paints ? overdue : unseen)
    if (paints) frame = request.call(page, once)
    return stop
  },
}

/** Frames that come when a test says so. */
export interface ManualFrames extends FrameSource {
  /** Whether somebody waits for a frame. */
  readonly requested: boolean
  /** The frame is there. */
  run(): void
}
/** @example const frames = manualFrames(); render(<WebSocketProvider client={mock.asClient()} frames={frames}>…); act(() => frames.run()) */
export function manualFrames(): ManualFrames {
  const waiting = new Set<() => void>()
  return {
    get requested() {
      return waiting.size > 0
    },
    request(run) {
      const once = (): void => run()
      waiting.add(once)
      return () => void waiting.delete(once)
    },
    run() {
      const now = [...waiting]
      waiting.clear()
      for (const run of now) run()
    },
  }
}

/** Gathers who has news until the next frame, so that all of them make one rendering. */
export class FrameQueue {
  private readonly dirty = new Set<() => void>()
  private cancel: (() => void) | undefined

  constructor(private readonly frames: FrameSource) {}

  add(publish: () => void): void {
    this.dirty.add(publish)
    this.cancel ??= this.frames.request(() => this.flush())
  }
  remove(publish: () => void): void {
    if (!this.dirty.delete(publish) || this.dirty.size > 0) return
    this.cancel?.()
    this.cancel = undefined
  }
  private flush(): void {
    this.cancel = undefined
    const now = [...this.dirty]
    this.dirty.clear()
    for (const publish of now) publish()
  }
}

const queues = new WeakMap<FrameSource, FrameQueue>()

export function frameQueue(frames: FrameSource): FrameQueue {
  let queue = queues.get(frames)
  if (queue === undefined) queues.set(frames, (queue = new FrameQueue(frames)))
  return queue
}
