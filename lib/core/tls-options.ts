// Options of TLS, checked and brought into the form that the native part takes.
import type { NativeTlsCommon } from '../../types/native'
import { HawserTypeError } from './error'
import { type OptionReader, badOption } from './validate'

/** PEM text, or its bytes. */
export type Pem = string | Uint8Array

/** TLS version names as in `node:tls`. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** Certificate and key of one side, in one of two forms. */
export interface TlsIdentity {
  /** Certificate chain, PEM, own certificate first. */
  cert?: Pem
  /** Private key, PEM. */
  key?: Pem
  /** Certificate, key and chain as PKCS#12, instead of `cert` and `key`. */
  pfx?: string | Uint8Array
  /** Passphrase of `key` or `pfx`. */
  passphrase?: string
}

/** What client and server have in common. */
export interface TlsOptions extends TlsIdentity {
  /** Authorities to trust, PEM. Default for clients: those of Node and `NODE_EXTRA_CA_CERTS`; servers: none. */
  ca?: Pem | readonly Pem[]
  /** Whether a peer whose certificate cannot be verified is refused. Default true. */
  rejectUnauthorized?: boolean
  /** Application protocols to offer or to choose from. Default `['http/1.1']` for clients, none for servers. */
  ALPNProtocols?: readonly string[]
  /** Lowest version. Default 'TLSv1.2'. */
  minVersion?: TlsVersion
  /** Highest version. Default 'TLSv1.3'. */
  maxVersion?: TlsVersion
  /** OpenSSL cipher list; names that begin with `TLS_` are those of TLS 1.3. Default: OpenSSL's. */
  ciphers?: string
}

export const tlsOptionNames: readonly (keyof TlsOptions)[] = [
  'cert',
  'key',
  'pfx',
  'passphrase',
  'ca',
  'rejectUnauthorized',
  'ALPNProtocols',
  'minVersion',
  'maxVersion',
  'ciphers',
]

const versions = { 'TLSv1.2': 0x0303, 'TLSv1.3': 0x0304 } as const
const versionNames = ['TLSv1.2', 'TLSv1.3'] as const

function pem(name: string, value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  return badOption(name, 'PEM text or a Buffer of it', value)
}

/** Certificate and key, for a client, a server or a name of a server. */
export function readIdentity(
  reader: OptionReader,
  prefix: string,
): { cert: string; key: string; pfx: Uint8Array; passphrase: string } {
  const identity = {
    cert: pem(`${prefix}cert`, reader.raw('cert')),
    key: pem(`${prefix}key`, reader.raw('key')),
    pfx: readPfx(`${prefix}pfx`, reader.raw('pfx')),
    passphrase: reader.string('passphrase'),
  }
  if ((identity.cert === '') !== (identity.key === '')) {
    const [given, missing] = identity.cert === '' ? ['key', 'cert'] : ['cert', 'key']
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`${prefix}${given}\` needs \`${prefix}${missing}\` beside it`,
    )
  }
  if (identity.pfx.length > 0 && identity.cert !== '') {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Give either \`${prefix}pfx\` or \`${prefix}cert\` and \`${prefix}key\``,
    )
  }
  return identity
}

function readPfx(name: string, value: unknown): Uint8Array {
  if (value === undefined) return new Uint8Array(0)
  if (typeof value === 'string') return Buffer.from(value, 'latin1')
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return badOption(name, 'the bytes of a PKCS#12 file', value)
}

/** Everything but what only one role has. */
export function readTls(reader: OptionReader, prefix: string, alpn: readonly string[]): NativeTlsCommon {
  const ca = reader.raw('ca')
  const min = versions[reader.oneOf('minVersion', versionNames, 'TLSv1.2')]
  const max = versions[reader.oneOf('maxVersion', versionNames, 'TLSv1.3')]
  if (min > max) {
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`${prefix}minVersion\` must not be above \`${prefix}maxVersion\``,
    )
  }
  // One string in Node's form, two lists in OpenSSL's.
  const ciphers = reader
    .string('ciphers')
    .split(/[:, ]+/)
    .filter((name) => name !== '')
  return {
    ...readIdentity(reader, prefix),
    ca:
      ca === undefined
        ? []
        : Array.isArray(ca)
          ? ca.map((item) => pem(`${prefix}ca`, item))
          : [pem(`${prefix}ca`, ca)],
    rejectUnauthorized: reader.boolean('rejectUnauthorized', true),
    alpn: readAlpn(reader, prefix, alpn),
    minVersion: min,
    maxVersion: max,
    ciphers: ciphers.filter((name) => !name.startsWith('TLS_')).join(':'),
    ciphersuites: ciphers.filter((name) => name.startsWith('TLS_')).join(':'),
  }
}

function readAlpn(reader: OptionReader, prefix: string, fallback: readonly string[]): string[] {
  if (!reader.has('ALPNProtocols')) return [...fallback]
  const names = reader.strings('ALPNProtocols')
  for (const name of names) {
    const bytes = Buffer.byteLength(name, 'latin1')
    if (bytes < 1 || bytes > 255) badOption(`${prefix}ALPNProtocols`, 'names of 1 to 255 bytes', name)
  }
  return names
}
