// The runtime of this environment: its channels, what keeps the event loop alive, start and end of reactors.
import { setImmediate } from 'node:timers'
import type { NativeRuntime } from '../../types/native'
import { binding } from './binding'
import { Channel } from './channel'

/** Bytes of each ring; powers of two. */
const inboundBytes = 4 * 1024 * 1024
const outboundBytes = 4 * 1024 * 1024
/** Connections one reactor can hold. */
const slots = 1024 * 1024
/** Bytes that may wait in JavaScript for room in an outbound ring. */
const overflowBytes = 256 * 1024 * 1024
/** Milliseconds that an exiting process waits for accepted sends to reach the kernel. */
const exitFlush = 100

export class Runtime {
  readonly native: NativeRuntime
  readonly channels: Channel[] = []
  private used = 0
  private kept = 0
  private nextServer = 1
  private nextChannel = 0
  private stopTimer: NodeJS.Timeout | null = null
  private ended = false

  constructor(reactors: number) {
    this.native = binding().createRuntime(reactors, this.bell)
    for (let index = 0; index < reactors; index++) {
      this.channels.push(
        new Channel(
          index,
          this.native,
          inboundBytes,
          outboundBytes,
          slots,
          overflowBytes,
          setImmediate,
          (error) => {
            binding().fatalException(error)
          },
        ),
      )
    }
    for (const channel of this.channels) {
      channel.siblings = this.channels.filter((other) => other !== channel)
    }
    process.on('exit', this.exit)
  }

  private readonly bell = (): void => {
    for (const channel of this.channels) channel.drain()
  }

  private readonly exit = (): void => {
    if (this.ended) return
    this.ended = true
    if (this.used > 0) this.flush()
    this.native.dispose()
  }

  /** Waits for the kernel to take what was sent, within the bound. */
  private flush(): void {
    const deadline = performance.now() + exitFlush
    for (;;) {
      for (const channel of this.channels) channel.settle()
      const rest = deadline - performance.now()
      if (rest <= 0 || this.native.flush(Math.ceil(rest))) {
        if (rest <= 0 || !this.channels.some((channel) => channel.congested)) return
      }
    }
  }

  /** The channel for a new client, adopted connection or listener; the reactors take turns. */
  channel(): Channel {
    const channel = this.channels[this.nextChannel]
    this.nextChannel = (this.nextChannel + 1) % this.channels.length
    return channel
  }

  serverId(): number {
    // 16 bits travel in publish records; ids of closed servers come round again.
    for (;;) {
      const id = this.nextServer
      this.nextServer = id === 0xffff ? 1 : id + 1
      if (this.channels.every((channel) => !channel.servers.has(id))) return id
    }
  }

  /** Something native opens: reactors run while there is any. */
  open(): void {
    if (this.used++ > 0) return
    if (this.stopTimer !== null) {
      clearTimeout(this.stopTimer)
      this.stopTimer = null
    }
    for (const channel of this.channels) this.native.start(channel.index)
  }

  /** Something native has ended. */
  close(): void {
    if (--this.used > 0 || this.ended) return
    // A program that opens one socket after the other keeps its threads.
    this.stopTimer = setTimeout(() => {
      this.stopTimer = null
      for (const channel of this.channels) this.native.stop(channel.index)
    }, 250)
    this.stopTimer.unref()
  }

  /** Counts what keeps the event loop alive. */
  ref(): void {
    if (this.kept++ === 0) this.native.ref()
  }
  unref(): void {
    if (--this.kept === 0) this.native.unref()
  }
}

let current: Runtime | undefined
let reactors = 1

/** How many I/O threads the runtime of this environment gets; takes effect before the first socket only. */
export function configureReactors(count: number): boolean {
  if (current !== undefined) return false
  reactors = count
  return true
}

export function runtime(): Runtime {
  return (current ??= new Runtime(reactors))
}
