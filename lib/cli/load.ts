// The load of `hawser bench`: connections to a server that echoes, with so many messages in flight on each.
import { performance } from 'node:perf_hooks'
import { Latencies } from '../client/portable/latency'
import type { WebSocketOptions } from '../core/client-options'
import { WebSocket } from '../core/websocket'

export interface LoadOptions {
  url: string
  protocols: readonly string[]
  socket: WebSocketOptions
  connections: number
  /** Unanswered messages on a connection. */
  inFlight: number
  /** Bytes of a message. */
  size: number
  binary: boolean
  /** Messages a second over all connections; 0: as fast as answers come. */
  rate: number
  /** Milliseconds before counting begins. */
  warmup: number
  /** Milliseconds of counting. */
  time: number
}

export interface LoadResult {
  connections: number
  failed: number
  lost: number
  /** Codes of errors, with how often each came. */
  errors: Record<string, number>
  /** Milliseconds until all connections were open. */
  opening: number
  seconds: number
  messages: number
  messagesPerSecond: number
  bytesPerSecond: number
  /** Milliseconds; undefined where nothing came back. */
  latency: Record<'min' | 'mean' | 'p50' | 'p90' | 'p99' | 'p999' | 'max', number> | undefined
  /** With a rate: messages that should have been sent and could not be, since too many were unanswered. */
  behind: number
  /** The share of time that JavaScript was busy, and processor time over all threads, in cores. */
  eventLoop: number
  cpu: number
}

/** Dials at once, so that a listener's backlog is not the first thing that is measured. */
const dials = 100

/** One connection: when each unanswered message should have left, oldest first. */
class Line {
  readonly since: Float64Array
  first = 0
  flying = 0
  constructor(
    readonly socket: WebSocket,
    most: number,
  ) {
    this.since = new Float64Array(most)
  }
}

export class Load {
  private readonly lines: Line[] = []
  private readonly errors: Record<string, number> = {}
  private readonly message: string | Buffer
  private latencies = new Latencies()
  private counting = false
  private running = false
  private messages = 0
  private failed = 0
  private lost = 0
  /** Of a run with a rate: when it began, what has been sent, whose turn it is. */
  private since = 0
  private sent = 0
  private turn = 0

  constructor(
    private readonly options: LoadOptions,
    private readonly signal: AbortSignal,
  ) {
    const text = 'hawser '.repeat(Math.ceil(options.size / 7)).slice(0, options.size)
    this.message = options.binary ? Buffer.from(text) : text
  }

  async run(): Promise<LoadResult> {
    const { time, warmup, rate } = this.options
    const began = performance.now()
    this.running = true
    await this.open()
    const opening = performance.now() - began
    const any = this.lines.length > 0
    this.since = performance.now()
    const pacing = rate === 0 ? undefined : setInterval(() => this.pace(), 1)
    if (rate === 0) for (const line of this.lines) while (this.free(line)) this.send(line, performance.now())
    try {
      if (any) await this.pass(warmup)
      this.latencies = new Latencies()
      this.messages = 0
      const [from, busy, cpu] = [performance.now(), performance.eventLoopUtilization(), process.cpuUsage()]
      this.counting = true
      if (any) await this.pass(time)
      this.counting = false
      const took = Math.max(1, performance.now() - from)
      const used = process.cpuUsage(cpu)
      return {
        ...this.result(took / 1000),
        opening,
        eventLoop: performance.eventLoopUtilization(busy).utilization,
        cpu: (used.user + used.system) / 1000 / took,
      }
    } finally {
      clearInterval(pacing)
      await this.close()
    }
  }

  private result(seconds: number): Omit<LoadResult, 'opening' | 'eventLoop' | 'cpu'> {
    const { latencies, messages } = this
    const at = (percent: number): number => latencies.percentile(percent)
    return {
      connections: this.lines.length,
      failed: this.failed,
      lost: this.lost,
      errors: this.errors,
      seconds,
      messages,
      messagesPerSecond: messages / seconds,
      bytesPerSecond: (messages * this.options.size) / seconds,
      latency:
        latencies.count === 0
          ? undefined
          : {
              ...{ min: latencies.min, mean: latencies.mean, p50: at(50), p90: at(90), p99: at(99) },
              ...{ p999: at(99.9), max: latencies.max },
            },
      behind: this.options.rate === 0 ? 0 : Math.max(0, this.due() - this.sent),
    }
  }

  private async open(): Promise<void> {
    let left = this.options.connections
    const dialOn = async (): Promise<void> => {
      while (left > 0 && !this.signal.aborted) {
        left--
        await this.dial()
      }
    }
    await Promise.all(Array.from({ length: dials }, dialOn))
  }

  private dial(): Promise<void> {
    return new Promise((resolve) => {
      const socket = new WebSocket(this.options.url, this.options.protocols, this.options.socket)
      let line: Line | undefined
      socket.on('open', () => {
        line = new Line(socket, this.options.inFlight)
        this.lines.push(line)
        resolve()
      })
      socket.on('message', () => {
        if (line !== undefined) this.answered(line)
      })
      socket.on('error', ({ code }) => {
        this.errors[code] = (this.errors[code] ?? 0) + 1
      })
      socket.on('close', () => {
        if (line === undefined) this.failed++
        else if (this.running) this.lost++
        resolve()
      })
    })
  }

  private free({ socket, flying, since }: Line): boolean {
    return flying < since.length && socket.readyState === WebSocket.OPEN
  }

  private send(line: Line, since: number): void {
    line.since[(line.first + line.flying++) % line.since.length] = since
    line.socket.send(this.message, { binary: this.options.binary })
    this.sent++
  }

  private answered(line: Line): void {
    if (line.flying === 0) return
    const now = performance.now()
    if (this.counting) {
      this.messages++
      this.latencies.record(now - line.since[line.first])
    }
    line.first = (line.first + 1) % line.since.length
    line.flying--
    if (this.running && this.options.rate === 0 && this.free(line)) this.send(line, now)
  }

  private due(): number {
    return Math.floor(((performance.now() - this.since) * this.options.rate) / 1000)
  }

  /** Sends what is due. What could not leave in time counts from when it should have: a slow server does not slow the clock. */
  private pace(): void {
    const due = this.due()
    let blocked = 0
    while (this.sent < due && blocked < this.lines.length) {
      const line = this.lines[this.turn++ % this.lines.length]
      if (!this.free(line)) {
        blocked++
        continue
      }
      blocked = 0
      this.send(line, this.since + (this.sent * 1000) / this.options.rate)
    }
  }

  private pass(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      this.signal.addEventListener('abort', done)
      if (this.signal.aborted) done()
    })
  }

  private async close(): Promise<void> {
    this.running = false
    const open = this.lines.filter(({ socket }) => socket.readyState !== WebSocket.CLOSED)
    const gone = open.map(
      ({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    )
    for (const { socket } of open) socket.close()
    const late = setTimeout(() => {
      for (const { socket } of open) socket.terminate()
    }, 2000)
    await Promise.all(gone)
    clearTimeout(late)
  }
}
