// Numbers of what nodes say on channels, so that a node that hears a later one knows how many it has missed. State only.

/** Channels that are numbered; above it the numbering of the oldest begins anew. */
const mostChannels = 100_000

export class Sequences {
  private readonly said = new Map<string, number>()
  private readonly heard = new Map<string, Map<string, number>>()

  /** The number of what is said next on a channel: counts up from 1. */
  next(channel: string): number {
    const number = (this.said.get(channel) ?? 0) + 1
    if (number === 1 && this.said.size >= mostChannels) {
      for (const oldest of this.said.keys()) {
        this.said.delete(oldest)
        break
      }
    }
    this.said.set(channel, number)
    return number
  }

  /** How many of a node's texts on a channel were missed before this one. The first that is heard tells nothing. */
  missed(node: string, channel: string, number: number): number {
    let nodes = this.heard.get(channel)
    if (nodes === undefined) this.heard.set(channel, (nodes = new Map<string, number>()))
    const before = nodes.get(node)
    nodes.set(node, number)
    // A number below the last one: the other side has begun anew.
    return before === undefined || number <= before ? 0 : number - before - 1
  }

  /** Nothing is heard of the channel any more. */
  left(channel: string): void {
    this.heard.delete(channel)
  }
  /** A node is gone. */
  gone(node: string): void {
    for (const nodes of this.heard.values()) nodes.delete(node)
  }
}
