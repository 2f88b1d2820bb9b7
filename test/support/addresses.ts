// Addresses and ports of the loopback that nobody else uses meanwhile, also while test files run side by side.
import * as net from 'node:net'
import { event } from './waiters'

/**
 * An address of this process alone. A port of it that was closed stays free, whereas one of 127.0.0.1 may be given to the
 * next process that asks for any.
 */
export const ownAddress = `127.${64 + ((process.pid >> 16) & 63)}.${(process.pid >> 8) & 255}.${process.pid & 255}`

export interface RefusingPort {
  port: number
  close(): Promise<void>
}

/** A port of 127.0.0.1 that refuses: it is the near end of a connection, so nobody can listen there. */
export async function refusingPort(): Promise<RefusingPort> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await event(server, 'listening')
  const accepted = event<[net.Socket]>(server, 'connection')
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await event(socket, 'connect')
  const [far] = await accepted
  return {
    port: socket.localPort!,
    async close() {
      socket.destroy()
      far.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
