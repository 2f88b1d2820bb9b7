// Finds and loads hawser.node.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { NativeBinding } from '../../types/native'
import { HawserError } from '../core/error'

let loaded: NativeBinding | undefined

/** Directories above this file that may be the package's: compiled code lies one level deeper than sources. */
function packageRoot(): string {
  for (const up of ['../..', '../../..']) {
    const root = join(__dirname, up)
    if (existsSync(join(root, 'package.json'))) return root
  }
  return join(__dirname, '../..')
}

/** The native part, loaded at first use. Throws NATIVE_UNAVAILABLE, which says what to do. */
export function binding(): NativeBinding {
  if (loaded !== undefined) return loaded
  const root = packageRoot()
  const platform = `${process.platform}-${process.arch}`
  const places = [
    join(root, 'prebuilds', platform, 'hawser.node'),
    join(root, 'build', 'Release', 'hawser.node'),
  ]
  const failures: string[] = []
  for (const place of places) {
    if (!existsSync(place)) continue
    try {
      loaded = createRequire(__filename)(place) as NativeBinding
      return loaded
    } catch (error) {
      failures.push(`${place}: ${(error as Error).message}`)
    }
  }
  throw new HawserError(
    'NATIVE_UNAVAILABLE',
    failures.length > 0
      ? `The native part of hawser does not load on ${platform}. ${failures.join('; ')}`
      : `There is no native part of hawser for ${platform}. Build it with "npm rebuild hawser --foreground-scripts"; ` +
          'it needs a C++20 compiler, Python 3, Boost 1.81 or newer, OpenSSL 3 and zlib.',
  )
}
