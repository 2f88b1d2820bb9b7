// Options of connections, for all commands that make some.
import { readFileSync } from 'node:fs'
import type { WebSocketOptions } from '../core/client-options'
import { type Given, UsageError } from './words'

export const dialOptions = {
  protocol: {
    value: 'NAME',
    many: true,
    short: 'p',
    says: 'offer a subprotocol; several in order of preference',
  },
  header: { value: "'NAME: VALUE'", many: true, short: 'H', says: 'a header of the handshake' },
  origin: { value: 'ORIGIN', short: 'o', says: 'the Origin header' },
  auth: { value: 'USER:PASSWORD', says: 'Basic authorization' },
  ca: { value: 'FILE', many: true, says: 'an authority to trust, PEM, instead of the usual ones' },
  cert: { value: 'FILE', says: 'certificate of this client, PEM' },
  key: { value: 'FILE', says: 'its key, PEM' },
  passphrase: { value: 'TEXT', says: 'passphrase of the key' },
  insecure: { short: 'k', says: 'take any certificate of the server' },
  servername: { value: 'NAME', says: 'name for SNI and for the check of the certificate' },
  proxy: { value: 'URL', says: 'tunnel through this HTTP proxy' },
  deflate: { says: 'offer permessage-deflate' },
  'max-payload': {
    value: 'BYTES',
    number: { min: 1, max: 2 ** 31 - 1 },
    says: 'longest message that is taken (default 16 MiB)',
  },
  'connect-timeout': {
    value: 'SECONDS',
    number: { min: 0, max: 86_400, whole: false },
    says: 'for name, connection, TLS, and again for the handshake (default 10; 0: no limit)',
  },
} as const

export type Dialing = Given<typeof dialOptions>

/** A URL as people type it: `:8080` and `host:8080/path` are ws. */
export function readUrl(rest: readonly string[]): string {
  const [word] = rest
  if (rest.length !== 1) {
    throw new UsageError(
      rest.length === 0
        ? 'Where to? Give a URL, such as ws://localhost:8080'
        : `One URL, not ${rest.length}: ${rest.join(' ')}`,
    )
  }
  const url = /^[a-z+]+:\//i.test(word)
    ? word
    : `ws://${word.startsWith(':') || word.startsWith('/') ? 'localhost' : ''}${word}`
  if (!URL.canParse(url)) {
    throw new UsageError(`'${word}' is no URL. Give one such as wss://example.com/path`)
  }
  return url
}

/** Options of sockets. Throws UsageError. */
export function readDialing(given: Dialing): WebSocketOptions {
  const options: WebSocketOptions = {}
  const headers: [string, string][] = given.header.map((line) => {
    const at = line.indexOf(':')
    if (at < 1) throw new UsageError(`--header takes 'Name: value', not '${line}'`)
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
  })
  if (given.auth !== undefined) {
    headers.push(['Authorization', `Basic ${Buffer.from(given.auth).toString('base64')}`])
  }
  if (headers.length > 0) options.headers = headers
  if (given.origin !== undefined) options.origin = given.origin
  if (given.ca.length > 0) options.ca = given.ca.map((file) => readText('ca', file))
  if (given.cert !== undefined) options.cert = readText('cert', given.cert)
  if (given.key !== undefined) options.key = readText('key', given.key)
  if (given.passphrase !== undefined) options.passphrase = given.passphrase
  if (given.insecure) options.rejectUnauthorized = false
  if (given.servername !== undefined) options.servername = given.servername
  if (given.proxy !== undefined) options.proxy = given.proxy
  if (given.deflate) options.perMessageDeflate = true
  if (given['max-payload'] !== undefined) options.maxPayload = given['max-payload']
  const patience = given['connect-timeout']
  if (patience !== undefined) {
    options.connectTimeout = Math.ceil(patience * 1000)
    options.handshakeTimeout = options.connectTimeout
  }
  return options
}

/** A file that an option names. Throws UsageError. */
export function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--${option}: ${file} cannot be read (${(error as Error).message})`)
  }
}
