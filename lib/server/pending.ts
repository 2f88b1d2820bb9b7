// What stands in a slot of the channel before there is a socket: an upgrade that is being decided, or a connection that
// was adopted from Node and is not open yet.
import { Endpoint } from '../native/endpoint'
import { In } from '../native/records'
import type { Pipe } from '../core/socket-state'
import type { UpgradeRequest } from './upgrade-request'

/** Keeps the slot from being mistaken for another connection's while the program decides. */
export class PendingUpgrade extends Endpoint {
  /** False once the peer is gone. */
  waiting = true
  constructor(readonly request: UpgradeRequest) {
    super()
  }
  override _receive(): void {}
  override _keep(): void {}
  override _control(kind: number): void {
    if (kind === In.close) this.waiting = false
  }
}

/** Becomes a socket at the `open` record. */
export class PendingAdopt extends Endpoint {
  pipe: Pipe | null = null
  constructor(
    private readonly opened: (extensions: string) => void,
    private readonly failed: () => void,
  ) {
    super()
  }
  override _receive(): void {}
  override _keep(): void {}
  override _control(kind: number, aux: number, payload: string | Buffer): void {
    switch (kind) {
      case In.open: {
        this.opened((payload as string).split('\n')[0])
        return
      }
      case In.close:
        this.pipe?.detach()
        {
          this.failed()
          return
        }
      case In.pipe_write:
        return this.pipe?.write(payload as Buffer)
      case In.pipe_ack:
        return this.pipe?.acknowledge(aux)
      case In.pipe_end:
        return this.pipe?.end(aux === 1)
    }
  }
}
