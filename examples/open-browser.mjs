// Opens an address in the browser of this machine, if there is one.
import { spawn } from 'node:child_process'

const openers = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }

/** Says nothing where it fails: the address is on the terminal as well. @param {string} url */
export function openBrowser(url) {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...args, url], { detached: true, stdio: 'ignore' })
  child.on('error', () => {})
  child.unref()
}
