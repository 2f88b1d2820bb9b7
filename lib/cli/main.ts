#!/usr/bin/env node
// The program `hawser`: finds the command, and ends the process with what it answers.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nearest } from '../core/validate'
import { bench } from './bench'
import { type Command, exits, helpOf, inWords } from './command'
import { connect } from './connect'
import { serve } from './serve'
import { Terminal } from './terminal'
import { UsageError } from './words'

const commands: Partial<Record<string, Command>> = { connect, serve, bench }

const help = (): string =>
  [
    'usage: hawser COMMAND [options]',
    '',
    ...Object.entries(commands).map(([name, command]) => `  ${name.padEnd(10)}${command?.summary ?? ''}`),
    '',
    '  hawser COMMAND --help shows the options of a command',
    '  hawser --version      shows the version',
  ].join('\n')

const versionOf = (file: string): string =>
  (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version

/** Errors that say that what was asked for makes no sense. */
const misuse = ['INVALID_OPTION', 'INVALID_URL', 'INVALID_ARGUMENT']

async function run(words: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  const first = words.at(0)
  const rest = words.slice(1)
  if (first === '--version' || first === '-V') {
    terminal.line(versionOf(join(__dirname, '../../package.json')))
    return exits.ok
  }
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) {
    terminal.line(help())
    return exits.ok
  }
  const name = first === 'help' ? rest.at(0) : first
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name]
  if (name === undefined || command === undefined) {
    const meant = name === undefined ? undefined : nearest(name, Object.keys(commands))
    const what =
      name === undefined
        ? 'Which command?'
        : `There is no command ${name}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`
    terminal.note(`${what} \`hawser --help\` lists them`, 'red')
    return exits.usage
  }
  const end = rest.indexOf('--')
  const asked = end < 0 ? rest : rest.slice(0, end)
  if (first === 'help' || asked.includes('--help') || asked.includes('-h')) {
    terminal.line(helpOf(name, command))
    return exits.ok
  }
  try {
    return await command.run(rest, { terminal, stdin: process.stdin, signal })
  } catch (error) {
    const misused = error instanceof UsageError || misuse.includes((error as { code?: string }).code ?? '')
    terminal.note(
      misused ? `${inWords(error)}. \`hawser ${name} --help\` shows what it takes` : inWords(error),
      'red',
    )
    return misused ? exits.usage : exits.failure
  }
}

async function main(): Promise<void> {
  const ending = new AbortController()
  /** The signal that ended it, as an exit code. */
  let signalled: number | undefined
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(name, () => {
      // The second one means at once.
      if (signalled !== undefined) process.exit(128 + number)
      signalled = 128 + number
      ending.abort()
    })
  }
  // Started by a program that is gone.
  process.once('disconnect', () => ending.abort())
  const terminal = new Terminal(process.stdout, process.stderr, process.env, () =>
    // Like `head`: whoever read this has seen enough.
    process.exit(process.exitCode ?? exits.ok),
  )
  const code = await run(process.argv.slice(2), terminal, ending.signal)
  await terminal.flushed()
  process.exit(signalled ?? code)
}

void main()
