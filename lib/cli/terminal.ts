// What a command says: results on standard output, remarks on standard error. Colours only where a terminal shows them.
import type { Writable } from 'node:stream'

type Env = Readonly<Record<string, string | undefined>>
type Out = Writable & { isTTY?: boolean }

const colours = { red: 31, green: 32, yellow: 33, blue: 34, grey: 90 } as const
export type Colour = keyof typeof colours

/** Whether to colour what goes there: FORCE_COLOR first, then NO_COLOR, then what it is. */
export function isColourful(out: { isTTY?: boolean }, env: Env): boolean {
  const force = env['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  if ((env['NO_COLOR'] ?? '') !== '') return false
  return out.isTTY === true && env['TERM'] !== 'dumb'
}

/** A text of a peer, for a terminal: its control characters are shown, as in JSON, and do nothing. */
export function harmless(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex -- these are the ones
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export class Terminal {
  /** Somebody looks at the results. */
  readonly shown: boolean
  private readonly colourful: { out: boolean; err: boolean }
  private readonly waiting: (() => void)[] = []
  /** What stands at the bottom of the screen, see `around`. */
  private prompt: { hide(): void; show(): void } | undefined

  /** `gone`: called when nobody reads the results any more. */
  constructor(
    private readonly out: Out,
    private readonly err: Out,
    env: Env,
    gone: () => void,
  ) {
    this.shown = out.isTTY === true
    this.colourful = { out: isColourful(out, env), err: isColourful(err, env) }
    out.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exitCode = 1
      gone()
    })
    // Without a reader of the remarks there is nobody to tell.
    err.on('error', () => {})
    out.on('drain', () => {
      for (const resume of this.waiting.splice(0)) resume()
    })
  }

  /** A line of the results. False: the reader is behind, wait for `drained`. */
  line(text: string, colour?: Colour): boolean {
    const shown = this.shown ? harmless(text) : text
    return this.write(`${this.paint(shown, colour, this.colourful.out)}\n`)
  }
  /** Results as they are. */
  write(data: string | Uint8Array): boolean {
    this.prompt?.hide()
    const more = this.out.write(data)
    this.prompt?.show()
    return more
  }
  /** Calls back once the reader of the results has caught up. */
  drained(resume: () => void): void {
    if (this.out.writableNeedDrain) this.waiting.push(resume)
    else resume()
  }

  /** A remark. */
  note(text: string, colour?: Colour): void {
    this.prompt?.hide()
    this.err.write(`${this.paint(harmless(text), colour, this.colourful.err)}\n`)
    this.prompt?.show()
  }

  /** From now on whatever is written goes above the line in which somebody types. */
  around(prompt: { hide(): void; show(): void } | undefined): void {
    this.prompt = prompt
  }

  /** Resolves when all that was written has been handed over. */
  async flushed(): Promise<void> {
    await Promise.all(
      [this.out, this.err].map(
        (stream) =>
          new Promise<void>((resolve) => {
            if (stream.destroyed || stream.errored !== null) resolve()
            else stream.write('', () => resolve())
          }),
      ),
    )
  }

  private paint(text: string, colour: Colour | undefined, colourful: boolean): string {
    return colour === undefined || !colourful ? text : `\u001b[${colours[colour]}m${text}\u001b[39m`
  }
}
