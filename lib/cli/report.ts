// How `connect` shows what happens: for people, or one JSON object a line.
import type { Terminal } from './terminal'

export interface ReportOptions {
  json: boolean
  /** Messages as they are, without line ends. */
  raw: boolean
  /** Nothing but messages. */
  quiet: boolean
  /** End after so many messages; 0: any number. */
  count: number
}

export class Report {
  /** Resolves when `count` messages have come; undefined when any number may. */
  readonly counted: Promise<void> | undefined
  /** Called when standard output is behind, and when it has caught up. */
  behind: (paused: boolean) => void = () => {}
  private enough: () => void = () => {}
  private seen = 0
  /** When something came last, by `performance.now()`; 0: never. */
  lastHeard = 0

  constructor(
    private readonly terminal: Terminal,
    private readonly options: ReportOptions,
  ) {
    if (options.count > 0) this.counted = new Promise((resolve) => (this.enough = resolve))
  }

  /** A message: text, or bytes. */
  message(data: string | Buffer): void {
    const text = typeof data === 'string'
    if (this.options.json) {
      this.show(
        JSON.stringify({
          event: 'message',
          ...(text ? { data } : { binary: true, base64: data.toString('base64') }),
        }),
      )
    } else if (this.options.raw) this.written(() => this.terminal.write(data))
    else this.show(text ? data : `${data.length} bytes: ${data.toString('hex')}`)
  }

  /** A message of a hub, or a reply: any JSON value. */
  value(value: unknown): void {
    const text = JSON.stringify(value)
    this.show(this.options.json ? `{"event":"message","message":${text}}` : text)
  }

  /** Something else that happened; `words` say it to people. */
  event(name: string, facts: object, words: string, trouble = false): void {
    if (this.options.json) this.terminal.line(JSON.stringify({ event: name, ...facts }))
    else if (trouble || !this.options.quiet) this.terminal.note(words, trouble ? 'red' : 'grey')
  }

  private show(line: string): void {
    this.written(() => this.terminal.line(line, this.options.json ? undefined : 'blue'))
  }
  private written(write: () => boolean): void {
    this.lastHeard = performance.now()
    const { count } = this.options
    // What comes while the connection ends is one too many.
    if (count > 0 && this.seen >= count) return
    this.seen++
    if (!write()) {
      this.behind(true)
      this.terminal.drained(() => this.behind(false))
    }
    if (this.seen === count) this.enough()
  }
}
