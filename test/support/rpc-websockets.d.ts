// What the tests use of the package, whose own types are out of reach for CommonJS.
declare module 'rpc-websockets' {
  import type { EventEmitter } from 'node:events'
  import type { WebSocketServer } from 'ws'

  export class Server extends EventEmitter {
    constructor(options: { port: number; host: string })
    readonly wss: WebSocketServer
    register(name: string, method: (params: unknown) => unknown): unknown
    close(): Promise<void>
  }
}
