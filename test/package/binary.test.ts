// What the prebuilt binary asks of the machine that loads it.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { NativeBinding } from '../../types/native'

const platform = `${process.platform}-${process.arch}`
const binary = join(__dirname, `../../prebuilds/${platform}/hawser.node`)

/** Dotted version numbers as numbers that compare: 2.34 → 2034. */
const comparable = (dotted: string): number => {
  const [major = 0, minor = 0] = dotted.split('.').map(Number)
  return major * 1000 + minor
}

/** What binutils say of a library of Linux, on whatever processor. */
class Elf {
  readonly symbols = this.#objdump('-T')
  readonly header = this.#objdump('-p')

  #objdump(...args: string[]): string {
    return execFileSync('objdump', [...args, binary], { encoding: 'utf8', maxBuffer: 1 << 26 })
  }
  get sections(): string {
    return this.#objdump('-t')
  }
  get needed(): string[] {
    return [...this.header.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1])
  }
}

type Check = [name: string, check: (elf: Elf) => void]

const onLinux: Check[] = [
  [
    'needs no symbol of a glibc newer than 2.34',
    ({ symbols }) => {
      const newer = symbols.split('\n').filter((line) => {
        const match = /\bGLIBC_([\d.]+)\)?/.exec(line)
        return match !== null && comparable(match[1]) > comparable('2.34')
      })
      expect(newer).toEqual([])
    },
  ],
  [
    'carries its C++ library, OpenSSL and zlib within it',
    ({ symbols, needed }) => {
      expect(symbols).not.toMatch(/GLIBCXX_|CXXABI_/)
      const system = /^(libc\.so\.6|libgcc_s\.so\.1|libm\.so\.6|ld-linux-[\w-]+\.so\.\d)$/
      expect(needed.filter((name) => !system.test(name))).toEqual([])
    },
  ],
  [
    'shows the process nothing but the entry points of Node-API',
    ({ symbols }) => {
      const shown = symbols
        .split('\n')
        .filter((line) => /^[0-9a-f]{8,16}\s/.test(line) && !line.includes('*UND*'))
        .map((line) => line.trim().split(/\s+/).at(-1))
      expect(shown.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1'])
    },
  ],
  [
    'asks never to be unloaded',
    ({ header }) => {
      // DF_1_NODELETE
      const flags = /FLAGS_1\s+0x([0-9a-f]+)/.exec(header)
      expect(Number.parseInt(flags?.[1] ?? '0', 16) & 0x8).toBe(0x8)
    },
  ],
  ['is stripped', ({ sections }) => expect(sections).toContain('no symbols')],
]

describe(`the binary of ${platform}`, () => {
  it('is of a reasonable size', () => {
    const megabytes = statSync(binary).size / 1e6
    process.stdout.write(`hawser.node: ${megabytes.toFixed(1)} MB\n`)
    expect(megabytes).toBeLessThan(12)
  })

  it('loads, and is of the version of the package', () => {
    const load = createRequire(__filename)
    const { version } = load('../../package.json') as { version: string }
    expect((load(binary) as NativeBinding).version).toBe(version)
  })

  if (process.platform === 'linux') {
    const elf = new Elf()
    it.each(onLinux)('%s', (_name, check) => check(elf))
  }
})
