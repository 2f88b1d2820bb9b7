// HTTP answers that refuse an upgrade.
import { STATUS_CODES } from 'node:http'

/** A whole answer with `Connection: close`. `headers`: name, value, name, value … */
export function httpAnswer(status: number, headers: readonly string[] = [], body?: string): Buffer {
  const reason = STATUS_CODES[status] ?? 'Unknown'
  const bytes = Buffer.from(body ?? `${reason}\n`)
  let head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\n`
  let typed = false
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i].toLowerCase()
    if (name === 'connection' || name === 'content-length' || name === 'transfer-encoding') continue
    typed ||= name === 'content-type'
    head += `${headers[i]}: ${headers[i + 1]}\r\n`
  }
  if (!typed) head += 'Content-Type: text/plain; charset=utf-8\r\n'
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`, 'latin1'), bytes])
}
