// The texts called "fields" in src/bridge/records.hpp, taken apart. Values are Latin-1, one a line.
import { X509Certificate } from 'node:crypto'

/** What is known of the TLS layer of a connection. */
export interface TlsInfo {
  /** 'TLSv1.2' or 'TLSv1.3'. */
  protocol: string
  /** OpenSSL's name of the cipher suite. */
  cipher: string
  /** The application protocol chosen, or ''. */
  alpn: string
  /** Whether the peer's certificate was verified. */
  authorized: boolean
  /** Why it was not, or ''. */
  authorizationError: string
  /** The peer's certificate, parsed at first use; undefined when it sent none. */
  readonly peerCertificate: X509Certificate | undefined
  /** Server side: the name that the client asked for, or ''. */
  servername?: string
  /** Client side: whether an earlier session was resumed. */
  resumed?: boolean
}

class ConnectionTls implements TlsInfo {
  private parsed: X509Certificate | undefined
  declare servername?: string
  declare resumed?: boolean
  constructor(
    readonly protocol: string,
    readonly cipher: string,
    readonly alpn: string,
    readonly authorized: boolean,
    readonly authorizationError: string,
    private readonly der: string,
  ) {}

  get peerCertificate(): X509Certificate | undefined {
    if (this.der === '') return undefined
    return (this.parsed ??= new X509Certificate(Buffer.from(this.der, 'base64')))
  }
}

/** The `open` record: protocol, extensions, peer, TLS, then headers. */
export interface OpenFields {
  protocol: string
  extensions: string
  remoteAddress: string
  remotePort: number
  tls: TlsInfo | undefined
  rawHeaders: string[]
}

export function parseOpen(text: string): OpenFields {
  const f = text.split('\n')
  let tls: ConnectionTls | undefined
  if (f[4]) {
    tls = new ConnectionTls(f[4], f[5] ?? '', f[6] ?? '', f[8] === '1', f[9] ?? '', f[10] ?? '')
    tls.resumed = f[7] === '1'
  }
  return {
    protocol: f[0] ?? '',
    extensions: f[1] ?? '',
    remoteAddress: f[2] ?? '',
    remotePort: Number(f[3] ?? 0),
    tls,
    rawHeaders: pairs(f, 11),
  }
}

/** The `connection` and `upgrade` records: addresses, target, protocol, extensions, TLS, then headers. */
export interface RequestFields {
  remoteAddress: string
  remotePort: number
  localAddress: string
  localPort: number
  target: string
  /** Chosen one, or in an `upgrade` the list offered. */
  protocol: string
  extensions: string
  tls: TlsInfo | undefined
  rawHeaders: string[]
}

export function parseRequest(text: string): RequestFields {
  const f = text.split('\n')
  let tls: ConnectionTls | undefined
  if (f[7]) {
    tls = new ConnectionTls(f[7], f[8] ?? '', f[9] ?? '', f[11] === '1', f[12] ?? '', f[13] ?? '')
    tls.servername = f[10] ?? ''
  }
  return {
    remoteAddress: f[0] ?? '',
    remotePort: Number(f[1] ?? 0),
    localAddress: f[2] ?? '',
    localPort: Number(f[3] ?? 0),
    target: f[4] ?? '/',
    protocol: f[5] ?? '',
    extensions: f[6] ?? '',
    tls,
    rawHeaders: pairs(f, 14),
  }
}

/** The n-th value of a fields text, without taking the rest apart. */
export function fieldAt(text: string, n: number): string {
  let start = 0
  for (; n > 0; n--) {
    start = text.indexOf('\n', start) + 1
    if (start === 0) return ''
  }
  const end = text.indexOf('\n', start)
  return end < 0 ? text.slice(start) : text.slice(start, end)
}

/** `error` and `server_error`: a system error number and words. */
export function parseError(text: string): { system: number; detail: string } {
  const at = text.indexOf('\n')
  if (at < 0) return { system: Number(text) || 0, detail: '' }
  return { system: Number(text.slice(0, at)) || 0, detail: text.slice(at + 1).trimEnd() }
}

/** `response`: reason, count, headers, then the start of the body. */
export function parseResponse(text: string): { reason: string; rawHeaders: string[]; body: Buffer } {
  let at = 0
  const next = (): string => {
    const end = text.indexOf('\n', at)
    const value = end < 0 ? text.slice(at) : text.slice(at, end)
    at = end < 0 ? text.length : end + 1
    return value
  }
  const reason = next()
  const rawHeaders: string[] = []
  for (let count = Number(next()) || 0; count > 0; count--) rawHeaders.push(next(), next())
  if (text[at] === '\n') at++
  return { reason, rawHeaders, body: Buffer.from(text.slice(at), 'latin1') }
}

function pairs(fields: string[], from: number): string[] {
  const list = fields.slice(from)
  // A line end behind the last value leaves an empty name.
  if (list.length % 2 === 1) list.pop()
  return list
}
