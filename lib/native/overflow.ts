// What the outbound ring could not take yet: records in order, bounded in bytes.

export interface WaitingRecord {
  kindFlags: number
  connection: number
  aux: number
  data: Uint8Array
}

/** What a waiting record weighs beside its payload, in bytes. */
const recordWeight = 64

export class Overflow {
  private records: WaitingRecord[] = []
  private first = 0
  private weight = 0

  constructor(private readonly limit: number) {}

  get length(): number {
    return this.records.length - this.first
  }

  fits(bytes: number): boolean {
    return this.weight + bytes + recordWeight <= this.limit
  }

  /** Copies `data`. False: the bound is reached and `always` is not set. */
  push(kindFlags: number, connection: number, aux: number, data: Uint8Array, always: boolean): boolean {
    if (!always && !this.fits(data.length)) return false
    this.weight += data.length + recordWeight
    this.records.push({ kindFlags, connection, aux, data: Uint8Array.from(data) })
    return true
  }

  peek(): WaitingRecord {
    return this.records[this.first]
  }

  shift(): void {
    this.weight -= this.peek().data.length + recordWeight
    this.first++
    if (this.first > 1024 && this.first * 2 > this.records.length) {
      this.records = this.records.slice(this.first)
      this.first = 0
    }
  }
}
