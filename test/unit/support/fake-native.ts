// hawser.node without C++: a runtime whose reactors are FakeReactor, and which keeps what it was asked for.
import type {
  NativeAdopt,
  NativeBinding,
  NativeClient,
  NativeConnect,
  NativeListen,
  NativeRuntime,
  NativeStats,
  NativeTlsClient,
  NativeTlsHost,
  NativeTlsServer,
} from '../../../types/native'
import { ringSlackBytes } from '../../../lib/native/records'
import { FakeReactor } from './fake-reactor'

export class FakeRuntime implements NativeRuntime {
  readonly reactors: FakeReactor[] = []
  readonly connects: { slot: number; settings: NativeConnect }[] = []
  readonly adopts: { slot: number; settings: NativeAdopt }[] = []
  /** `gauge` is the first reactor's. */
  readonly listens: { id: number; settings: NativeListen; gauge: number }[] = []
  readonly clients: { slot: number; settings: NativeClient }[] = []
  /** What `clientGauges` answers. */
  gauges = new Float64Array(0)
  readonly tlsClients = new Map<number, NativeTlsClient>()
  readonly tlsServers = new Map<number, NativeTlsServer>()
  readonly released: number[] = []
  roots: string[] = []
  running = 0
  kept = false
  disposed = false
  /** Thrown by the next call that makes something. */
  refusal: Error | undefined
  private free: number[] = []
  private nextSlot = 0
  private nextTls = 1

  constructor(private readonly bell: () => void) {}

  /** The only reactor of most tests. */
  get reactor(): FakeReactor {
    return this.reactors[0]
  }

  attach(index: number, inbound: Uint8Array, outbound: Uint8Array, table: Uint32Array): void {
    this.reactors[index] = new FakeReactor(inbound, outbound, table, this.bell, ringSlackBytes)
  }
  start(): void {
    this.running++
  }
  stop(): void {
    this.running--
  }
  wake(index: number): void {
    this.reactors[index].wakes++
  }
  ref(): void {
    this.kept = true
  }
  unref(): void {
    this.kept = false
  }

  /** A slot as the reactor would give it out, zeroed in the table. */
  slot(): number {
    const slot = this.free.pop() ?? this.nextSlot++
    this.reactor.flushed(slot, 0, 0)
    return slot
  }
  /** The reactor got the release record. */
  freeSlot(slot: number): void {
    this.free.push(slot)
  }

  connect(_index: number, settings: NativeConnect): number {
    this.refuse()
    const slot = this.slot()
    this.connects.push({ slot, settings })
    return slot
  }
  adopt(_index: number, settings: NativeAdopt): number {
    this.refuse()
    const slot = this.slot()
    this.adopts.push({ slot, settings })
    return slot
  }
  listen(_index: number, id: number, settings: NativeListen): number[] {
    this.refuse()
    const gauges = this.reactors.map(() => this.slot())
    this.listens.push({ id, settings, gauge: gauges[0] })
    return gauges
  }
  client(_index: number, settings: NativeClient): number {
    this.refuse()
    const slot = this.slot()
    this.clients.push({ slot, settings })
    return slot
  }
  clientGauges(): Float64Array {
    return this.gauges
  }
  serverGauges(): Float64Array {
    return new Float64Array(0)
  }
  subscribers(): number {
    return 0
  }
  keptGauge(): Float64Array {
    return new Float64Array(0)
  }
  tlsClient(settings: NativeTlsClient): number {
    this.refuse()
    const id = this.nextTls++
    this.tlsClients.set(id, settings)
    return id
  }
  tlsServer(settings: NativeTlsServer): number {
    this.refuse()
    const id = this.nextTls++
    this.tlsServers.set(id, settings)
    return id
  }
  tlsAddHost(id: number, host: NativeTlsHost): void {
    this.tlsServers.get(id)!.hosts.push(host)
  }
  tlsRelease(id: number): void {
    this.released.push(id)
  }
  setDefaultRoots(pem: string): void {
    this.roots.push(pem)
  }

  stage(index: number, data: string | Uint8Array): number {
    return this.reactors[index].stage(data)
  }
  take(index: number, id: number, mode: 0 | 1 | 2): string | Uint8Array {
    return this.reactors[index].fetch(id, mode)
  }
  flush(): boolean {
    return true
  }
  stats(): NativeStats {
    throw new Error('the double counts nothing')
  }
  dispose(): void {
    this.disposed = true
  }

  private refuse(): void {
    const { refusal } = this
    this.refusal = undefined
    if (refusal !== undefined) throw refusal
  }
}

/** What would have ended the process as an uncaught exception. */
export const uncaught: unknown[] = []

let made: FakeRuntime | undefined

/** The runtime that the library made for itself in this test file. */
export function native(): FakeRuntime {
  if (made === undefined) throw new Error('no socket or server has been made yet')
  return made
}

const fake: NativeBinding = {
  version: '0.0.0',
  createRuntime(_reactors, bell) {
    made = new FakeRuntime(bell)
    return made
  },
  createPool(): never {
    throw new Error('the double has no pools')
  },
  fatalException(error) {
    uncaught.push(error)
  },
}

/** Stands for lib/native/binding: `jest.mock('../../lib/native/binding', () => require('./support/fake-native'))`. */
export function binding(): NativeBinding {
  return fake
}

/** Lets callbacks of the event loop that are due run. */
export async function turn(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
