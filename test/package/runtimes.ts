// The JavaScript runtimes that the package is tried on: this Node, and those that test/package/runtimes installed.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Runtime {
  /** Such as "Node 22.23.3" or "Bun 1.4.5". */
  name: string
  executable: string
}

const modules = join(__dirname, 'runtimes/node_modules')

const version = (executable: string): string =>
  execFileSync(executable, ['--version'], { encoding: 'utf8' }).trim()

/** Runtimes that are installed and start on this machine. */
export function runtimes(): Runtime[] {
  const found: Runtime[] = [{ name: `Node ${process.versions.node}`, executable: process.execPath }]
  if (!existsSync(modules)) return found
  for (const name of readdirSync(modules).filter((entry) => /^node\d+$/.test(entry))) {
    const executable = join(modules, name, 'bin/node')
    found.push({ name: `Node ${version(executable).slice(1)}`, executable })
  }
  const bun = join(modules, `@oven/bun-${process.platform}-${process.arch}`, 'bin/bun')
  if (existsSync(bun)) found.push({ name: `Bun ${version(bun)}`, executable: bun })
  return found
}
