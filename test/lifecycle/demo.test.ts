// The demo as a whole: a second of it comes to a summary and leaves nothing running.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until, within } from '../support/waiters'

const program = join(__dirname, '../../examples/demo.mjs')

/** Runs the demo to its end. Nothing of it may be left then, and so no port. */
async function demo(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const mark = `HAWSER_DEMO_RUN=${randomUUID()}`
  const [name, value] = mark.split('=')
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, [name]: value },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { code: null as number | null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text))
  try {
    out.code = await within(
      new Promise<number | null>((resolve) => child.once('close', resolve)),
      'end of the demo',
      120_000,
    )
  } finally {
    child.kill('SIGKILL')
  }
  // Its children end with it; a process that has ended is listed until its parent has heard of it.
  await until(() => processesWith(mark).length === 0)
  return out
}

/** The processes that have this in their environment, so ours and all that came of it. */
function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false
    try {
      return readFileSync(`/proc/${id}/environ`, 'latin1').split('\0').includes(mark)
    } catch {
      // It ended just now, or is another user's.
      return false
    }
  })
}

test.each([
  ['throttled', ['--subscribers', '2', '--topics', '4']],
  ['at two nodes', ['--subscribers', '4', '--topics', '4', '--nodes', '2', '--broker', 'redis']],
  ['dropping for a slow one', ['--subscribers', '3', '--slow', '1', '--policy', 'drop', '--rate', '20000']],
])('a second of it, %s', async (_name, args) => {
  const { code, stdout, stderr } = await demo('--seconds', '1', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^hawser demo, \d\d:\d\d$/m)
  expect(stdout).toMatch(/^ {2}in +[1-9][\d,]* messages/m)
  expect(stdout).toMatch(/^ {2}to JS +[1-9][\d,]* messages/m)
  expect(stdout).toMatch(/^ {2}ack mode +([1-9][\d,]*) sent, \1 acknowledged, 0 lost/m)
  expect(stdout).toMatch(/^ {2}out +[1-9][\d,]* messages/m)
  expect(stdout).toMatch(new RegExp(`Checked by ${args[1]} subscribers: every message valid and in order`))
})

test('with trouble made on purpose nothing is lost in ack mode', async () => {
  const { code, stdout, stderr } = await demo(
    '--seconds',
    '4',
    '--subscribers',
    '1',
    '--rate',
    '50000',
    '--chaos',
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^ {2}reconnects +[1-9]\d* to the feed \([^0]/m)
  expect(stdout).toMatch(/^ {2}ack mode +([1-9][\d,]*) sent, \1 acknowledged, 0 lost/m)
})

test('with the page and trouble made on purpose nothing is lost or missed', async () => {
  const { code, stdout, stderr } = await demo('--seconds', '5', '--port', '0', '--rate', '50000', '--chaos')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^dashboard: http:\/\/127\.0\.0\.1:\d+\/$/m)
  expect(stdout).toMatch(/^ {2}in +[1-9][\d,]* messages/m)
  expect(stdout).toMatch(/^ {2}restarts +[1-9]\d* of the service/m)
  expect(stdout).toMatch(/^ {2}ack mode +[1-9][\d,]* sent, [\d,]+ acknowledged, 0 lost/m)
  expect(stdout).toMatch(/^Checked by a watcher: nothing missed, nothing lost\.$/m)
})

test('help', async () => {
  const { code, stdout, stderr } = await demo('--help')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('usage: npm run demo')
})

test('what it cannot do is said without a stack', async () => {
  expect(await demo('--subscribers', '0')).toEqual({
    code: 1,
    stdout: '',
    stderr: "--subscribers takes a whole number from 1 to 64, not '0'. Next: npm run demo -- --help\n",
  })
})
