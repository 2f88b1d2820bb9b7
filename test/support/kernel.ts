// How much the kernel takes for a reader that does not read.
import { existsSync, readFileSync } from 'node:fs'

const MiB = 1024 * 1024

/**
 * More bytes than the kernel takes on both sides of a unix socket whose reader does not read: what its sender may have
 * under way, which does not grow by itself, and some that the reader's stream holds. A TCP socket's buffers grow to
 * whatever the machine allows, so nothing can be said of them.
 */
export const plenty = 2 * sendBuffer() + 2 * MiB

function sendBuffer(): number {
  const setting = '/proc/sys/net/core/wmem_default'
  return existsSync(setting) ? Number(readFileSync(setting, 'latin1')) : MiB
}
