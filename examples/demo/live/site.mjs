// Serves the built page: files of one folder, read once.
import fs from 'node:fs'
import path from 'node:path'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; img-src 'self' data:"

/**
 * @param {string} folder with an index.html
 * @returns {import('node:http').RequestListener}
 */
export function site(folder) {
  const files = new Map()
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath ?? entry.path, entry.name)
    files.set(`/${path.relative(folder, file).replaceAll(path.sep, '/')}`, fs.readFileSync(file))
  }
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    const name = pathname === '/' ? '/index.html' : pathname
    const body = files.get(name)
    const known = request.method === 'GET' || request.method === 'HEAD'
    if (!known || body === undefined) {
      response.writeHead(known ? 404 : 405, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(known ? 'Not found\n' : 'Only GET\n')
      return
    }
    response.writeHead(200, {
      'content-type': types[path.extname(name)] ?? 'application/octet-stream',
      'content-length': body.length,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      // Names of assets change with what is in them.
      'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}
