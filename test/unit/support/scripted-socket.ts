// A WebSocket without a network: the test opens it, says what arrives and how it ends.
export class ScriptedSocket {
  /** Every socket made, since `forget()`. */
  static made: ScriptedSocket[] = []
  static get last(): ScriptedSocket {
    const { made } = ScriptedSocket
    if (made.length === 0) throw new Error('no socket was made')
    return made[made.length - 1]
  }
  static forget(): void {
    ScriptedSocket.made = []
  }

  readyState = 0
  binaryType = 'arraybuffer'
  onopen: ((event: unknown) => unknown) | null = null
  onmessage: ((event: unknown) => unknown) | null = null
  onerror: ((event: unknown) => unknown) | null = null
  onclose: ((event: unknown) => unknown) | null = null
  readonly sent: string[] = []
  /** Arguments of each `close()`. */
  readonly closes: unknown[][] = []
  /** Whether the peer answers `close()` at once; else `ends()` does. */
  answersClose = true

  constructor(
    readonly url: string,
    readonly protocols?: string | string[],
    readonly options?: unknown,
  ) {
    ScriptedSocket.made.push(this)
  }

  send(data: string): void {
    this.sent.push(data)
  }
  close(...args: unknown[]): void {
    this.closes.push(args)
    if (this.readyState >= 2) return
    this.readyState = 2
    if (this.answersClose) this.ends({ wasClean: true, code: 1005, reason: '' })
  }

  /** What was sent, parsed. */
  get said(): unknown[] {
    return this.sent.map((text) => JSON.parse(text) as unknown)
  }

  opens(): this {
    this.readyState = 1
    this.onopen?.({ type: 'open' })
    return this
  }
  hears(value: unknown): void {
    this.hearsText(JSON.stringify(value))
  }
  hearsText(data: string): void {
    this.onmessage?.({ data })
  }
  errs(event: unknown = { type: 'error' }): void {
    this.onerror?.(event)
  }
  ends(event: { wasClean: boolean; code?: number; reason?: string }): void {
    this.readyState = 3
    this.onclose?.(event)
  }
  /** As a lost connection ends. */
  breaks(): { wasClean: false; code: number; reason: string } {
    const event = { wasClean: false as const, code: 1006, reason: '' }
    this.errs()
    this.ends(event)
    return event
  }
}

/** Writes down what a stream does. */
export function recorder(
  log: unknown[] = [],
  name = '',
): {
  log: unknown[]
  next: (value: unknown) => void
  error: (error: unknown) => void
  complete: () => void
} {
  const said = (what: string): string => (name === '' ? what : `${name} ${what}`)
  return {
    log,
    next: (value) => log.push(name === '' ? value : { [name]: value }),
    error: (error) => log.push(said('error'), error),
    complete: () => log.push(said('complete')),
  }
}
