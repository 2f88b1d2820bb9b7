// The portable engine of a client whose messages are not the JSON that the engine reads: what a codec or a dialect asks of
// it beside.
import type { ClientEngine, admissions } from '../engine'
import { PortableEngine } from './portable-engine'

export class WireEngine extends PortableEngine implements ClientEngine {
  answered(ack: boolean, id: string): void {
    this.call(() => {
      if (ack) this.core.sending?.onAck(id, this.now())
      else this.core.sending?.onReply(id, this.now())
    })
  }
  say(link: number, frames: readonly (string | Uint8Array)[]): void {
    const { link: open } = this.core
    if (open === 0 || (link !== 0 && link !== open)) return
    for (const frame of frames) this.links.send(open, frame, false)
  }
  admit(how: (typeof admissions)[number], link: number, why: string): void {
    this.call(() => {
      if (link !== 0 && link !== this.core.link) return
      if (how === 'silent') this.core.keeper().onSilence(why, this.now())
      else this.core.keeper().onAuth(how === 'accepted', why, this.now())
    })
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
    this.call(() => this.reading?.release())
  }
}
