// Where a client connects to: the URL, taken apart.
import { isIP } from 'node:net'
import { HawserTypeError } from './error'
import { shown } from './validate'

/** What a URL says. */
export interface Target {
  /** The URL as `url` shows it, without user and password. */
  href: string
  /** Scheme, host and port, to tell one server from another. */
  origin: string
  secure: boolean
  /** Without brackets. */
  host: string
  port: number
  /** Path of a unix socket, or ''. */
  unixPath: string
  /** Path and query. */
  path: string
  hostHeader: string
  /** Value of Authorization from user and password, or ''. */
  authorization: string
}

const schemes: Partial<Record<string, { secure: boolean; unix: boolean }>> = {
  'ws:': { secure: false, unix: false },
  'wss:': { secure: true, unix: false },
  'http:': { secure: false, unix: false },
  'https:': { secure: true, unix: false },
  'ws+unix:': { secure: false, unix: true },
  'wss+unix:': { secure: true, unix: true },
}

function bad(message: string, cause?: unknown): never {
  throw new HawserTypeError('INVALID_URL', message, cause)
}

/** Throws INVALID_URL. */
export function parseTarget(input: unknown): Target {
  if (typeof input !== 'string' && !(input instanceof URL))
    bad(`\`url\` must be a string or a URL, not ${shown(input)}`)
  let url: URL
  try {
    url = new URL(input)
  } catch (cause) {
    return bad(`${shown(input)} is not a URL. It has to be absolute, such as 'wss://example.com/path'`, cause)
  }
  const scheme = schemes[url.protocol]
  if (scheme === undefined)
    bad(`A WebSocket URL begins with ws:, wss:, http:, https: or ws+unix:, not ${url.protocol}`)
  if (url.hash !== '' || url.href.endsWith('#')) bad('A WebSocket URL must not have a fragment (#)')
  return scheme.unix ? unixTarget(url, scheme.secure) : networkTarget(url, scheme.secure)
}

function networkTarget(given: URL, secure: boolean): Target {
  const url = new URL(given)
  // Exchanging the scheme keeps URL's own rules for default ports.
  url.protocol = secure ? 'wss:' : 'ws:'
  const authorization = basic(url)
  url.username = ''
  url.password = ''
  if (url.hostname === '') bad('The URL names no host')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return {
    href: url.href,
    origin: `${url.protocol}//${url.host}`,
    secure,
    host,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    unixPath: '',
    path: url.pathname + url.search,
    hostHeader: url.host,
    authorization,
  }
}

// ws+unix:/path/to.sock:/target?query
function unixTarget(url: URL, secure: boolean): Target {
  if (url.host !== '') bad('A ws+unix: URL has no host: ws+unix:/path/to.sock:/target')
  const at = url.pathname.indexOf(':')
  const socket = at < 0 ? url.pathname : url.pathname.slice(0, at)
  const path = at < 0 ? '/' : url.pathname.slice(at + 1)
  if (socket === '' || !path.startsWith('/')) bad('A ws+unix: URL has the form ws+unix:/path/to.sock:/target')
  let unixPath: string
  try {
    unixPath = decodeURIComponent(socket)
  } catch (cause) {
    return bad('The socket path of the ws+unix: URL is not valid percent-encoding', cause)
  }
  return {
    href: url.href,
    origin: `${url.protocol}${socket}`,
    secure,
    host: 'localhost',
    port: secure ? 443 : 80,
    unixPath,
    path: path + url.search,
    hostHeader: 'localhost',
    authorization: '',
  }
}

/** Basic authorization (RFC 7617) of a URL's user and password, or ''. */
export function basic(url: URL): string {
  if (url.username === '' && url.password === '') return ''
  const pair = `${decoded(url.username)}:${decoded(url.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Where a redirect leads, seen from where it came. Throws INVALID_URL. */
export function redirectTarget(from: Target, location: string): Target {
  if (from.unixPath === '') {
    const url = new URL(location, from.href)
    if (url.hash !== '') url.hash = ''
    return parseTarget(url)
  }
  // Relative to a unix socket: only the target changes.
  if (!location.startsWith('/') || location.startsWith('//')) return parseTarget(location)
  const path = location.split('#')[0]
  const href = `${from.secure ? 'wss' : 'ws'}+unix:${from.unixPath}:${path}`
  return { ...from, path, href }
}

/** True for an address literal, which no resolver has to see. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0
}
