// Texts that wait for a broker that is away: a queue with a bound. Where there are too many the oldest go, since what is
// said last matters most to who is there now.

export interface Waiting {
  channel: string
  text: string
}

export class Outbox {
  private waiting: Waiting[] = []
  private first = 0
  private characters = 0

  constructor(
    private readonly maxMessages: number,
    private readonly maxCharacters: number,
  ) {}

  get size(): number {
    return this.waiting.length - this.first
  }

  /** How many texts were dropped to make room. */
  push(one: Waiting): number {
    this.waiting.push(one)
    this.characters += one.text.length
    let dropped = 0
    while (this.size > this.maxMessages || this.characters > this.maxCharacters) {
      this.shift()
      dropped++
    }
    return dropped
  }

  shift(): Waiting | undefined {
    if (this.size === 0) return undefined
    const one = this.waiting[this.first++]
    this.characters -= one.text.length
    if (this.first >= 1024 && this.first * 2 >= this.waiting.length) {
      this.waiting = this.waiting.slice(this.first)
      this.first = 0
    }
    return one
  }

  /** Empties it; how many there were. */
  clear(): number {
    const { size } = this
    this.waiting = []
    this.first = this.characters = 0
    return size
  }
}
