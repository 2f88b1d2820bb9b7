// Client TLS contexts: one a distinct set of options, kept while recently used, and the roots that are trusted.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'
import type { NativeRuntime, NativeTlsClient } from '../../types/native'
import { fromNative } from './error'

/** Contexts that are kept; the one used longest ago is released first. */
const limit = 64

/** Authorities that Node itself would trust, as PEM. */
export function defaultRoots(): string {
  const modern = (tls as { getCACertificates?: (kind: string) => string[] }).getCACertificates
  if (modern !== undefined) return modern('default').join('\n')
  const extra = process.env.NODE_EXTRA_CA_CERTS
  let more = ''
  if (extra !== undefined && extra !== '') {
    try {
      more = readFileSync(extra, 'latin1')
    } catch {
      // Node itself warns about a file it cannot read and goes on without it.
    }
  }
  return [...tls.rootCertificates, more].join('\n')
}

export class TlsContexts {
  private readonly ids = new Map<string, number>()
  private rooted = false

  constructor(private readonly native: NativeRuntime) {}

  /** Id of a context with these settings. Throws TLS_BAD_MATERIAL. */
  client(settings: NativeTlsClient): number {
    const key = fingerprint(settings)
    let id = this.ids.get(key)
    if (id === undefined) {
      if (settings.ca.length === 0) this.ensureRoots()
      try {
        id = this.native.tlsClient(settings)
      } catch (error) {
        throw fromNative(error)
      }
      if (this.ids.size >= limit) this.evict()
    } else {
      this.ids.delete(key)
    }
    this.ids.set(key, id)
    return id
  }

  /** Hands the default roots over; reading and parsing them takes a while, so the first user pays and no one else. */
  ensureRoots(): void {
    if (this.rooted) return
    this.native.setDefaultRoots(defaultRoots())
    this.rooted = true
  }

  private evict(): void {
    for (const [key, id] of this.ids) {
      this.ids.delete(key)
      this.native.tlsRelease(id)
      return
    }
  }
}

function fingerprint(settings: NativeTlsClient): string {
  const text = JSON.stringify(settings, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
  return createHash('sha256').update(text).digest('base64')
}

const contexts = new WeakMap<NativeRuntime, TlsContexts>()

export function tlsContexts(native: NativeRuntime): TlsContexts {
  let found = contexts.get(native)
  if (found === undefined) contexts.set(native, (found = new TlsContexts(native)))
  return found
}
