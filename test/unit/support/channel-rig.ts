// A channel over the double of its reactor, with sockets that write down what they get.
import { Channel } from '../../../lib/native/channel'
import { Endpoint } from '../../../lib/native/endpoint'
import { FakeRuntime } from './fake-native'
import type { FakeReactor } from './fake-reactor'

export class Probe extends Endpoint {
  readonly received: (string | Buffer)[] = []
  readonly kept: (string | Buffer)[] = []
  readonly controls: [kind: number, aux: number, payload: string | Buffer][] = []
  onReceive: ((data: string | Buffer) => void) | undefined
  override _receive(data: string | Buffer): void {
    this.received.push(data)
    this.onReceive?.(data)
  }
  override _keep(data: string | Buffer): void {
    this.kept.push(data)
  }
  override _control(kind: number, aux: number, payload: string | Buffer): void {
    this.controls.push([kind, aux, payload])
  }
}

export interface Rig {
  channel: Channel
  runtime: FakeRuntime
  reactor: FakeReactor
  /** Runs what `setImmediate` was asked for. */
  turn(): void
  readonly scheduled: number
  errors: unknown[]
  probe(slot: number): Probe
}

export function rig(options: { inbound?: number; outbound?: number; overflow?: number } = {}): Rig {
  const queue: (() => void)[] = []
  const errors: unknown[] = []
  const runtime = new FakeRuntime(() => channel.drain())
  const channel = new Channel(
    0,
    runtime,
    options.inbound ?? 4096,
    options.outbound ?? 4096,
    64,
    options.overflow ?? 1 << 20,
    (fn) => queue.push(fn),
    (error) => errors.push(error),
  )
  return {
    channel,
    runtime,
    reactor: runtime.reactor,
    errors,
    turn() {
      for (const fn of queue.splice(0)) fn()
    },
    get scheduled() {
      return queue.length
    },
    probe(slot) {
      const probe = new Probe()
      probe._channel = channel
      probe._slot = slot
      channel.sockets[slot] = probe
      return probe
    },
  }
}
