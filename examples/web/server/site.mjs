// The built pages over HTTP: what is in the folder at the start and nothing else, so that no path leads out of it.
import fs from 'node:fs'
import path from 'node:path'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

const headers = {
  'Content-Security-Policy':
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

/**
 * @param {string} folder
 * @param {Record<string, () => string>} [texts] what else there is, made when it is asked for
 * @returns {import('node:http').RequestListener}
 */
export function siteHandler(folder, texts = {}) {
  /** @type {Map<string, { body: Buffer, type: string, fixed: boolean }>} */
  const files = new Map()
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const url = `/${path.relative(folder, file).split(path.sep).join('/')}`
    const type = types[/** @type {keyof typeof types} */ (path.extname(file))] ?? 'application/octet-stream'
    // What lies in assets has a hash in its name.
    files.set(url, { body: fs.readFileSync(file), type, fixed: url.startsWith('/assets/') })
  }
  return (request, response) => {
    const [asked = '/'] = (request.url ?? '/').split('?')
    const file = files.get(asked) ?? files.get(asked.endsWith('/') ? `${asked}index.html` : '')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    } else if (texts[asked] !== undefined) {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end(texts[asked]())
    } else if (file !== undefined) {
      response.writeHead(200, {
        ...headers,
        'Content-Type': file.type,
        'Content-Length': file.body.length,
        'Cache-Control': file.fixed ? 'public, max-age=31536000, immutable' : 'no-cache',
      })
      response.end(request.method === 'HEAD' ? undefined : file.body)
    } else if (files.has(`${asked}/index.html`)) {
      const query = (request.url ?? '').slice(asked.length)
      response.writeHead(308, { Location: `${asked}/${query}` }).end()
    } else {
      response.writeHead(404, { ...headers, 'Content-Type': 'text/plain' }).end('There is no such page.\n')
    }
  }
}
