// Standard input, as messages: lines of a pipe, pieces of a pipe, or what somebody types. A pipe is read only as fast as
// its messages leave.
import { createInterface } from 'node:readline'
import { StringDecoder } from 'node:string_decoder'
import type { Readable } from 'node:stream'
import type { Terminal } from './terminal'

/** A line longer than this, in characters, is a mistake and no message. */
const longestLine = 64 * 1024 * 1024

/** The lines of a stream, without their ends. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    const parts = (rest + decoder.write(chunk as Buffer)).split('\n')
    rest = parts.pop() ?? ''
    if (rest.length > longestLine)
      throw new Error(`a line of the input has more than ${longestLine} characters`)
    for (const line of parts) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  rest += decoder.end()
  if (rest !== '') yield rest
}

/** The pieces of a stream as they are read. */
export async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield chunk as Buffer
}

/**
 * What somebody types, a line at a time, below what arrives meanwhile; where that goes elsewhere, the terminal itself shows
 * what is typed. Ends at Ctrl-D; Ctrl-C calls `interrupted`.
 */
export async function* typedIn(
  stdin: Readable,
  terminal: Terminal,
  interrupted: () => void,
): AsyncGenerator<string> {
  if (!terminal.shown) {
    for await (const line of linesOf(stdin)) if (line !== '') yield line
    return
  }
  const typing = createInterface({ input: stdin, output: process.stdout, prompt: '> ' })
  typing.on('SIGINT', interrupted)
  terminal.around({
    hide: () => void process.stdout.write('\r\u001b[K'),
    show: () => typing.prompt(true),
  })
  try {
    typing.prompt()
    for await (const line of typing) {
      if (line !== '') yield line
      typing.prompt()
    }
  } finally {
    terminal.around(undefined)
    typing.close()
  }
}
