// The program `hawser`, as somebody runs it.
import { join } from 'node:path'
import { type Outcome, Program } from '../../support/child'

const main = join(__dirname, '../../../dist/cli/main.js')

/** What Jest sets for its own output is none of the program's business. */
const plain = { FORCE_COLOR: '0' }

export function start(...words: string[]): Program {
  return new Program(process.execPath, [main, ...words], plain)
}

/** Runs it to its end; `input` is all that its standard input has to say. */
export async function command(words: readonly string[], input = '', env = {}): Promise<Outcome> {
  const program = new Program(process.execPath, [main, ...words], { ...plain, ...env })
  program.process.stdin!.end(input)
  return await program.exit()
}

/** Objects that a program printed, one a line. */
export function objects(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** The URL at which `hawser serve` listens. */
export async function listening(program: Program): Promise<string> {
  const [, url] = await program.says(/(wss?:\/\/[^\s"]+)/)
  return url
}
