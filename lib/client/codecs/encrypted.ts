// Encrypted messages: AES-GCM with 256 bits (NIST SP 800-38D), by WebCrypto.
//
//   | version u8 = 1 | bytes of the key id u8 | key id … | IV, 12 bytes | ciphertext … | tag, 16 bytes |
//   └──────────── authenticated, not secret ─────────────┘
//
// The IV is random: among 2^32 messages of one key two share one with a chance of 2^-33, and the standard allows 2^-32.
// So a key is to be replaced before its writers have written 2^32 messages.
import { HawserError, HawserTypeError } from '../../core/error'
import { OptionReader, badOption, shown } from '../../core/validate'
import { type Codec, checkEncoded } from '../codec'
import { jsonCodec } from './json'

/** A key: 32 bytes, or a CryptoKey of AES-GCM that may encrypt and decrypt. */
export type EncryptionKey = Uint8Array | CryptoKey

export interface EncryptedOptions {
  /** The one key there is. */
  key?: EncryptionKey
  /** Keys by id (at most 255 bytes), for rotation: all of them read, `use` writes. */
  keys?: Record<string, EncryptionKey>
  /** Id of the key that writes; default the last of `keys`. */
  use?: string
  /** What is encrypted. Default JSON. */
  inner?: Codec
}

type CryptoKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>

const version = 1
const ivBytes = 12
const tagBytes = 16

/**
 * Encrypts each message; who changes one, or has another key, makes it `DECRYPTION_FAILED`. Hides neither the length of
 * messages nor their order, and does not keep anyone from sending one again.
 * @throws TypeError `INVALID_OPTION`
 */
export function encryptedCodec(options: EncryptedOptions): Codec {
  const { keys, use, inner } = readOptions(options)
  const head = headOf(use)
  const readers = new Map([...keys].map(([id, key]) => [id, keyOf(key)] as const))
  const write = readers.get(use) as () => Promise<CryptoKey>

  return {
    name: `encrypted ${inner.name}`,
    binary: true,
    async encode(message) {
      const key = await write()
      const plain = checkEncoded(inner, await inner.encode(message))
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const data = typeof plain === 'string' ? new TextEncoder().encode(plain) : own(plain)
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: head }, key, data)
      const out = new Uint8Array(head.length + ivBytes + sealed.byteLength)
      out.set(head)
      out.set(iv, head.length)
      out.set(new Uint8Array(sealed), head.length + ivBytes)
      return out
    },
    async decode(data) {
      const { id, head: given, iv, sealed } = split(own(data as Uint8Array))
      const reader = readers.get(id)
      if (reader === undefined) {
        throw new HawserError(
          'DECRYPTION_FAILED',
          `A message names the key ${shown(id)}, which is not among \`keys\``,
        )
      }
      let plain: ArrayBuffer
      try {
        plain = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv, additionalData: given },
          await reader(),
          sealed,
        )
      } catch (cause) {
        throw new HawserError('DECRYPTION_FAILED', undefined, { cause })
      }
      const bytes = new Uint8Array(plain)
      return inner.decode(inner.binary ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    },
  }
}

/** WebCrypto takes no shared memory. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes)
}

function headOf(id: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(id)
  return Uint8Array.of(version, name.length, ...name)
}

function split(data: Uint8Array<ArrayBuffer>) {
  const bad = (why: string): never => {
    throw new HawserError('DECRYPTION_FAILED', `A message is not encrypted as expected: ${why}`)
  }
  if (data.length < 2 || data[0] !== version) bad('it does not begin with the version 1')
  const at = 2 + data[1]
  if (data.length < at + ivBytes + tagBytes) bad('it is too short')
  return {
    id: new TextDecoder().decode(data.subarray(2, at)),
    head: data.subarray(0, at),
    iv: data.subarray(at, at + ivBytes),
    sealed: data.subarray(at + ivBytes),
  }
}

/** Imports a key when it is first needed. */
function keyOf(key: EncryptionKey): () => Promise<CryptoKey> {
  if (!(key instanceof Uint8Array)) return () => Promise.resolve(key)
  const bytes = Uint8Array.from(key)
  let made: Promise<CryptoKey> | undefined
  return () => (made ??= crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']))
}

function readOptions(options: unknown): { keys: Map<string, EncryptionKey>; use: string; inner: Codec } {
  const reader = new OptionReader('encryptedCodec', options, ['key', 'keys', 'use', 'inner'])
  const inner = (reader.raw('inner') ?? jsonCodec()) as Codec
  if (typeof inner.encode !== 'function' || typeof inner.decode !== 'function') {
    badOption('inner', 'a codec', inner)
  }
  const one = reader.raw('key')
  const many = reader.raw('keys')
  if ((one === undefined) === (many === undefined)) {
    throw new HawserTypeError('INVALID_OPTION', 'Give either option `key` or option `keys` to encryptedCodec')
  }
  if (many !== undefined && (many === null || typeof many !== 'object')) {
    badOption('keys', 'an object of keys by their ids', many)
  }
  const keys = new Map<string, EncryptionKey>()
  for (const [id, key] of one === undefined ? Object.entries(many as object) : [['', one] as const]) {
    const name = one === undefined ? `keys['${id}']` : 'key'
    if (new TextEncoder().encode(id).length > 255) badOption(name, 'named by at most 255 bytes', id)
    keys.set(id, checkKey(name, key))
  }
  const use = reader.has('use') ? reader.string('use') : [...keys.keys()].at(-1)
  if (use === undefined) return badOption('keys', 'an object with at least one key', many)
  if (!keys.has(use)) badOption('use', 'the id of one of `keys`', use)
  return { keys, use, inner }
}

function checkKey(name: string, key: unknown): EncryptionKey {
  if (key instanceof Uint8Array) {
    if (key.length !== 32) badOption(name, 'a key of 32 bytes', key)
    return key
  }
  const { algorithm, usages } = (key ?? {}) as Partial<CryptoKey>
  const fits =
    algorithm?.name === 'AES-GCM' && usages?.includes('encrypt') === true && usages.includes('decrypt')
  if (!fits) badOption(name, '32 bytes, or a CryptoKey of AES-GCM for encrypt and decrypt', key)
  return key as CryptoKey
}
