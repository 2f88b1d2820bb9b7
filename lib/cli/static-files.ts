// Files of a folder over HTTP, for the page that connects. For trying things: no caching, no ranges, no lists of files.
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream'

const types: Partial<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

/** Answers GET and HEAD. Hidden files, and what a link leads to outside of the folder, are not there. */
export function staticFiles(folder: string): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
      return
    }
    fileOf(folder, request.url ?? '/').then(
      (found) => {
        if (found === undefined) {
          response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such file\n')
          return
        }
        response.writeHead(200, {
          'Content-Type': types[path.extname(found.file).toLowerCase()] ?? 'application/octet-stream',
          'Content-Length': found.size,
          'Cache-Control': 'no-store',
          'X-Content-Type-Options': 'nosniff',
        })
        if (request.method === 'HEAD') response.end()
        // Whichever of the two ends early takes the other along.
        else pipeline(createReadStream(found.file), response, () => {})
      },
      () => response.writeHead(500).end(),
    )
  }
}

async function fileOf(folder: string, url: string): Promise<{ file: string; size: number } | undefined> {
  let name: string
  try {
    name = decodeURIComponent(new URL(url, 'http://x').pathname)
  } catch {
    return undefined
  }
  if (name.includes('\0') || name.split('/').some((part) => part.startsWith('.'))) return undefined
  const root = await realpath(folder)
  try {
    let file = await realpath(path.join(root, name))
    if ((await stat(file)).isDirectory()) file = await realpath(path.join(file, 'index.html'))
    const { size } = await stat(file)
    return file.startsWith(root + path.sep) ? { file, size } : undefined
  } catch {
    return undefined
  }
}
