// What the prebuilt binary asks of the machine that loads it.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'

const binary = join(__dirname, '../../prebuilds/linux-x64/hawser.node')
const objdump = (...args: string[]): string =>
  execFileSync('objdump', [...args, binary], { encoding: 'utf8', maxBuffer: 1 << 26 })

/** Dotted version numbers as numbers that compare: 2.34 → 2034. */
const comparable = (dotted: string): number => {
  const [major = 0, minor = 0] = dotted.split('.').map(Number)
  return major * 1000 + minor
}

const describeOnLinux = process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip

describeOnLinux('the linux-x64 binary', () => {
  const symbols = objdump('-T')
  const header = objdump('-p')

  it('needs no symbol of a glibc newer than 2.34', () => {
    const newer = symbols.split('\n').filter((line) => {
      const match = /\bGLIBC_([\d.]+)\)?/.exec(line)
      return match !== null && comparable(match[1]) > comparable('2.34')
    })
    expect(newer).toEqual([])
  })

  it('carries its C++ library, OpenSSL and zlib within it', () => {
    expect(symbols).not.toMatch(/GLIBCXX_|CXXABI_/)
    const needed = [...header.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1])
    const allowed = ['libc.so.6', 'libgcc_s.so.1', 'libm.so.6', 'ld-linux-x86-64.so.2']
    expect(needed.filter((name) => !allowed.includes(name))).toEqual([])
  })

  it('shows the process nothing but the entry points of Node-API', () => {
    const shown = symbols
      .split('\n')
      .filter((line) => /^[0-9a-f]{16}\s/.test(line) && !line.includes('*UND*'))
      .map((line) => line.trim().split(/\s+/).at(-1))
    expect(shown.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1'])
  })

  it('asks never to be unloaded', () => {
    // DF_1_NODELETE
    const flags = /FLAGS_1\s+0x([0-9a-f]+)/.exec(header)
    expect(Number.parseInt(flags?.[1] ?? '0', 16) & 0x8).toBe(0x8)
  })

  it('is stripped and of a reasonable size', () => {
    const megabytes = statSync(binary).size / 1e6
    process.stdout.write(`hawser.node: ${megabytes.toFixed(1)} MB\n`)
    expect(megabytes).toBeLessThan(12)
    expect(objdump('-t')).toContain('no symbols')
  })
})
