// The service's line to its parent: calls with answers, and words without.

/** @typedef {(call: string, ...args: unknown[]) => Promise<any>} Ask */

export class Parent {
  #calls = new Map()
  #next = 1

  constructor() {
    // Without a parent nobody keeps anything, or would end this process.
    process.on('disconnect', () => process.exit())
    process.on('message', ({ answer, value, close }) => {
      if (close !== undefined) this.onClose?.()
      this.#calls.get(answer)?.(value)
      this.#calls.delete(answer)
    })
  }

  /** Called when the parent wants the end. @type {(() => void) | undefined} */
  onClose

  /** @type {Ask} */
  ask = (call, ...args) => {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#calls.set(id, resolve)
      this.tell({ id, call, args })
    })
  }

  /** @param {object} message */
  tell(message) {
    if (process.connected) process.send(message, () => {})
  }
}
