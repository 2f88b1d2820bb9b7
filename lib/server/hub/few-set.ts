// A set that mostly has few elements. Those lie in a list: a hash table for one or two would cost more to make, and is made
// anew whenever its last element goes.

/** Elements that are looked through one by one. */
const mostFew = 8
const none: readonly never[] = []

export class FewSet<T> implements Iterable<T> {
  /** Never changed but replaced, so that whoever goes through it is not disturbed. */
  private few: readonly T[] = none
  /** All elements, since there were too many. */
  private many: Set<T> | undefined

  get size(): number {
    return this.many === undefined ? this.few.length : this.many.size
  }

  has(value: T): boolean {
    return this.many === undefined ? this.few.includes(value) : this.many.has(value)
  }

  /** False: it was in the set already. */
  add(value: T): boolean {
    if (this.has(value)) return false
    if (this.many === undefined && this.few.length === mostFew) {
      this.many = new Set(this.few)
      this.few = none
    }
    if (this.many !== undefined) this.many.add(value)
    else this.few = this.few.length === 0 ? [value] : [...this.few, value]
    return true
  }

  /** False: it was not in the set. */
  delete(value: T): boolean {
    if (this.many !== undefined) return this.many.delete(value)
    const { few } = this
    const at = few.indexOf(value)
    if (at < 0) return false
    this.few = few.length === 1 ? none : few.filter((one) => one !== value)
    return true
  }

  /** In the order in which they were added. */
  [Symbol.iterator](): Iterator<T> {
    return (this.many ?? this.few)[Symbol.iterator]()
  }
}
