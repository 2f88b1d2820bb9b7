// What all commands have in common.
import type { Readable } from 'node:stream'
import type { Terminal } from './terminal'
import { type OptionTable, optionLines } from './words'

/** What the process ends with. Signals add their number to 128. */
export const exits = { ok: 0, failure: 1, usage: 2 } as const

/** What a command runs in. */
export interface Surroundings {
  terminal: Terminal
  stdin: Readable & { isTTY?: boolean }
  /** Aborted by the first SIGINT or SIGTERM: end in good order. */
  signal: AbortSignal
}

export interface Command {
  /** What follows its name: `URL [options]`. */
  usage: string
  summary: string
  options: OptionTable
  /** Paragraphs below the options. */
  details: string
  /** Resolves with the exit code. Throws UsageError; what else it throws is a failure. */
  run(words: readonly string[], around: Surroundings): Promise<number>
}

export const helpRow = { short: 'h', says: 'show this' } as const

/** `hawser COMMAND --help` */
export function helpOf(name: string, command: Command): string {
  return [
    `usage: hawser ${name} ${command.usage}`,
    '',
    `  ${command.summary}`,
    '',
    ...optionLines({ ...command.options, help: helpRow }),
    '',
    command.details,
    '',
    'Exit codes: 0 as asked, 1 it failed, 2 the command line makes no sense, 130 after Ctrl-C (SIGINT), 143 after SIGTERM.',
  ].join('\n')
}

/** An error in words: what went wrong, and where a caller may look it up. */
export function inWords(error: unknown): string {
  const { code, message, cause } = error as { code?: unknown; message?: string; cause?: { message?: string } }
  const why =
    cause?.message === undefined || message?.includes(cause.message) === true ? '' : ` (${cause.message})`
  return `${typeof code === 'string' ? `${code}: ` : ''}${message ?? String(error)}${why}`
}
