// How much of what was sent the platform has let go. Nothing tells: it is asked, more and more seldom. Times in milliseconds.
import type { Links } from './links'
import { never } from './never'

const firstLook = 1
const longestLook = 50

export class Departures {
  /** Of the frames that count, where each ends among the bytes of its link. */
  private readonly marks = new Map<number, number[]>()
  private look = firstLook
  /** When the platform is asked again; never, where it holds nothing. */
  lookAt = never

  constructor(
    private readonly links: () => Links,
    /** The platform has let go of so many more of the frames that count. */
    private readonly flushed: (link: number, frames: number) => void,
  ) {}

  /** A frame that counts was sent. */
  sent(link: number): void {
    const bytes = this.links().sent(link)
    if (bytes === undefined) return
    const marks = this.marks.get(link)
    if (marks === undefined) this.marks.set(link, [bytes])
    else marks.push(bytes)
    this.look = firstLook
    this.lookAt = 0
  }
  /** Asks what the platform has let go since. */
  lookNow(): void {
    for (const [link, marks] of this.marks) {
      const gone = this.links().gone(link)
      if (gone === undefined) this.marks.delete(link)
      else if (gone >= marks[0]) {
        let count = 1
        while (marks[count] <= gone) count++
        marks.splice(0, count)
        if (marks.length === 0) this.marks.delete(link)
        this.flushed(link, count)
      }
    }
  }
  /** `clean`: behind what was sent went our close frame, and the peer's came. Else what the platform held is lost. */
  closed(link: number, clean: boolean): void {
    const marks = this.marks.get(link)
    if (!clean || marks === undefined) this.lookNow()
    else this.flushed(link, marks.length)
    this.marks.delete(link)
  }
  /** When to look again. */
  deadline(now: number): number {
    if (this.marks.size === 0) return (this.lookAt = never)
    if (this.lookAt <= now) {
      this.lookAt = now + this.look
      this.look = Math.min(longestLook, this.look * 2)
    }
    return this.lookAt
  }
}
