// The demo with its page, as a visitor's command line starts it.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { within } from '../../support/waiters'

const program = join(__dirname, '../../../examples/demo.mjs')

/** The build of the page and the start, on a machine with much else to do. */
const longestStart = 120_000

export interface RunningDemo {
  url: string
  /** Asks it to end; resolves with its exit code and all that it printed. */
  end(): Promise<{ code: number | null; output: string }>
}

export async function startDemo(...args: string[]): Promise<RunningDemo> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const listening = new Promise<string>((resolve, reject) => {
    const hear = (text: string): void => {
      output += text
      const [, url] = /^dashboard: (\S+)$/m.exec(output) ?? []
      if (url !== undefined) resolve(url)
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    void closed.then(() => reject(new Error(`the demo ended: ${output}`)))
  })
  try {
    const url = await within(listening, 'address of the page', longestStart)
    return {
      url,
      end: async () => {
        child.kill('SIGTERM')
        return { code: await within(closed, 'end of the demo', 60_000), output }
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}
