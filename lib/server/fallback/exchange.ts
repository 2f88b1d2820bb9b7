// One HTTP request of the fallback: its body, read within bounds, and what its answer says to browsers.
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A body that has not come by then is not waited for. */
const bodyTime = 30_000
/** Of all bodies that are being read. */
const mostReading = 64 * 1024 * 1024

export class BodyReader {
  /** Bytes of bodies that are being read. */
  private reading = 0

  constructor(private readonly most: number) {}

  /** The text; a number: the status to refuse it with; undefined: the peer is gone. */
  read(request: IncomingMessage): Promise<string | number | undefined> {
    if (Number(request.headers['content-length'] ?? 0) > this.most) return Promise.resolve(413)
    return new Promise((resolve) => {
      const parts: Buffer[] = []
      let size = 0
      const timer = setTimeout(() => finish(408), bodyTime)
      const finish = (how: string | number | undefined): void => {
        clearTimeout(timer)
        this.reading -= size
        size = 0
        request.off('data', take)
        resolve(how)
      }
      const take = (part: Buffer): void => {
        size += part.length
        this.reading += part.length
        parts.push(part)
        if (size > this.most) finish(413)
        else if (this.reading > mostReading) finish(503)
      }
      request.on('data', take)
      request.once('end', () => finish(Buffer.concat(parts).toString()))
      request.once('close', () => finish(undefined))
    })
  }
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: readonly string[] = [],
): void {
  if (response.headersSent || response.destroyed) return
  const json = typeof body !== 'string'
  response.statusCode = status
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i].toLowerCase()
    if (name !== 'connection' && name !== 'content-length' && name !== 'content-type')
      response.appendHeader(headers[i], headers[i + 1])
  }
  const bytes = Buffer.from(json ? `${JSON.stringify(body)}\n` : body)
  response.setHeader('Content-Type', json ? 'application/json' : 'text/plain; charset=utf-8')
  response.setHeader('Content-Length', bytes.length)
  response.end(bytes)
}

/** What a page of another origin may know. False: nothing at all. */
export function admitOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[],
): boolean {
  const { origin } = request.headers
  response.setHeader('Cache-Control', 'no-store, no-transform')
  response.setHeader('Vary', 'Origin')
  if (origin === undefined) return true
  if (origins.length > 0 && !origins.some((one) => one.toLowerCase() === origin.toLowerCase())) return false
  response.setHeader('Access-Control-Allow-Origin', origin)
  response.setHeader('Access-Control-Allow-Credentials', 'true')
  return true
}

/** Answers what browsers ask before a request of another origin. */
export function preflight(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Methods', 'POST')
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Authorization')
  response.setHeader('Access-Control-Max-Age', '7200')
  response.statusCode = 204
  response.end()
}
