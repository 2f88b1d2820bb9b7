// A throw-away certificate authority and the certificates tests need, made once a run with the openssl command.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface KeyPair {
  cert: string
  key: string
}

export interface Certificates {
  /** Signs all of the below but `untrusted` and `selfSigned`. */
  ca: string
  /** localhost, 127.0.0.1 and ::1. */
  server: KeyPair
  /** localhost, signed through an intermediate; `cert` holds the chain. */
  chained: KeyPair
  /** Valid for `elsewhere.example` alone. */
  wrongHost: KeyPair
  expired: KeyPair
  notYetValid: KeyPair
  /** Signed by an authority nobody knows. */
  untrusted: KeyPair
  selfSigned: KeyPair
  client: KeyPair
  /** A client certificate of the unknown authority. */
  strangerClient: KeyPair
  /** The client's key under the passphrase `secret`. */
  encryptedClientKey: string
  /** Client certificate and key as PKCS#12 under the passphrase `secret`. */
  clientPfx: Buffer
}

const NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1'
const CONFIG = `
[ca]
default_ca = it
[it]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = copy
[anything]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
`

let made: Certificates | undefined

export function certificates(): Certificates {
  made ??= make()
  return made
}

function make(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'hawser-certs-'))
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const read = (name: string): string => readFileSync(join(dir, name), 'utf8')
  const request = (name: string, subject: string, alt?: string): void => {
    const extension = alt ? ['-addext', `subjectAltName=${alt}`] : []
    openssl(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${subject}`,
      ...extension,
    )
  }
  const issue = (name: string, ...how: string[]): void => {
    const files = ['-in', `${name}.csr`, '-out', `${name}.crt`]
    openssl('ca', '-batch', '-config', 'ca.conf', '-notext', ...files, ...how)
  }
  const root = (name: string, subject: string, section = 'authority', alt?: string): void => {
    request(name, subject, alt)
    issue(name, '-selfsign', '-keyfile', `${name}.key`, '-days', '3650', '-extensions', section)
  }
  const sign = (
    name: string,
    subject: string,
    alt: string | undefined,
    by: string,
    from: string,
    to: string,
    as = 'leaf',
  ): KeyPair => {
    request(name, subject, alt)
    const signer = ['-cert', `${by}.crt`, '-keyfile', `${by}.key`]
    issue(name, ...signer, '-startdate', from, '-enddate', to, '-extensions', as)
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) }
  }
  const [past, long] = ['20200101000000Z', '20490101000000Z']
  try {
    writeFileSync(join(dir, 'ca.conf'), CONFIG)
    writeFileSync(join(dir, 'index.txt'), '')
    root('ca', 'Test Authority')
    root('stranger', 'Unknown Authority')
    root('alone', 'localhost', 'leaf', NAMES)
    sign('middle', 'Test Intermediate', undefined, 'ca', past, long, 'authority')
    const chained = sign('chained', 'localhost', NAMES, 'middle', past, long)
    const client = sign('client', 'client one', 'DNS:client.example', 'ca', past, long)
    openssl('pkcs8', '-topk8', '-in', 'client.key', '-out', 'client.enc', '-passout', 'pass:secret')
    openssl(
      'pkcs12',
      '-export',
      '-in',
      'client.crt',
      '-inkey',
      'client.key',
      '-out',
      'client.pfx',
      '-passout',
      'pass:secret',
    )
    return {
      ca: read('ca.crt'),
      server: sign('server', 'localhost', NAMES, 'ca', past, long),
      chained: { cert: chained.cert + read('middle.crt'), key: chained.key },
      wrongHost: sign('wrong', 'elsewhere.example', 'DNS:elsewhere.example', 'ca', past, long),
      expired: sign('expired', 'localhost', NAMES, 'ca', past, '20210101000000Z'),
      notYetValid: sign('future', 'localhost', NAMES, 'ca', '20480101000000Z', long),
      untrusted: sign('untrusted', 'localhost', NAMES, 'stranger', past, long),
      selfSigned: { cert: read('alone.crt'), key: read('alone.key') },
      client,
      strangerClient: sign('sclient', 'stranger', 'DNS:stranger.example', 'stranger', past, long),
      encryptedClientKey: read('client.enc'),
      clientPfx: readFileSync(join(dir, 'client.pfx')),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
