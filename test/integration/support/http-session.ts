// A peer that speaks docs/protocol.md over HTTP by hand: requests are written to sockets as text.
import { connect, type Socket } from 'node:net'
import { connect as secure } from 'node:tls'
import { within } from '../../support/waiters'
import type { Said } from './hubs'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

export interface Target {
  port: number
  path?: string
  headers?: Record<string, string>
  /** Certificates to trust: then TLS is spoken. */
  ca?: string
  /** Do not end a connection when the server has. */
  keeps?: boolean
}

/** A connection of HTTP/1.1 on which requests follow each other. */
export class Line {
  text = Buffer.alloc(0)
  ended = false
  private readonly watchers = new Set<() => void>()

  private constructor(readonly socket: Socket) {
    const tell = (): void => {
      for (const watcher of this.watchers) watcher()
    }
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      this.text = Buffer.concat([this.text, bytes])
      tell()
    })
    socket.on('close', () => {
      this.ended = true
      tell()
    })
  }

  static open({ port, ca, keeps = false }: Target): Line {
    const socket =
      ca === undefined
        ? connect({ port, host: '127.0.0.1', allowHalfOpen: keeps })
        : secure({ port, host: '127.0.0.1', ca, servername: 'localhost' })
    return new Line(socket)
  }

  write(method: string, { path = '/', headers = {} }: Target, body?: string): void {
    const all = {
      Host: 'x',
      ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`)
  }

  async until(met: () => boolean, label: string): Promise<void> {
    let watch = (): void => undefined
    const reached = new Promise<void>((resolve) => {
      watch = () => {
        if (met()) resolve()
      }
      this.watchers.add(watch)
      watch()
    })
    await within(reached, label)
      .catch((error: unknown) => {
        throw new Error(`${String(error)}; got ${JSON.stringify(this.text.toString())}`, { cause: error })
      })
      .finally(() => this.watchers.delete(watch))
  }

  /** The head of the next answer, taken off what came. */
  async head(): Promise<Answer> {
    await this.until(() => this.ended || this.text.includes('\r\n\r\n'), 'head of an answer')
    const at = this.text.indexOf('\r\n\r\n')
    if (at < 0) throw new Error('the connection ended without an answer')
    const [first, ...lines] = this.text.toString('latin1', 0, at).split('\r\n')
    this.text = this.text.subarray(at + 4)
    const headers = lines.map((line) => /^(.*?): *(.*)$/.exec(line) ?? ['', '', ''])
    return {
      status: Number(first.split(' ')[1]),
      headers: Object.fromEntries(headers.map(([, name, value]) => [name.toLowerCase(), value])),
      body: '',
    }
  }
  /** The next answer, whole; it tells its length. */
  async answer(): Promise<Answer> {
    const answer = await this.head()
    const length = Number(answer.headers['content-length'] ?? 0)
    await this.until(() => this.ended || this.text.length >= length, 'body of an answer')
    answer.body = this.text.toString('utf8', 0, length)
    this.text = this.text.subarray(length)
    return answer
  }
}

/** One request on a connection of its own. */
export async function request(method: string, to: Target, body?: string): Promise<Answer> {
  const line = Line.open(to)
  try {
    line.write(method, to, body)
    return await line.answer()
  } finally {
    line.socket.destroy()
  }
}

export class HttpSession {
  /** Records of ours, and those that came down and were counted. */
  seq = 0
  ack = 0
  readonly records: unknown[] = []
  private stream: Line | undefined

  private constructor(
    readonly to: Target,
    readonly id: string,
    readonly protocol: string,
  ) {}

  static async open(to: Target, protocols = ['hawser.v1']): Promise<HttpSession> {
    const { status, body } = await request('POST', to, JSON.stringify({ protocols }))
    if (status !== 200) throw new Error(`${status}: ${body}`)
    const { session, protocol } = JSON.parse(body) as { session: string; protocol: string }
    return new HttpSession(to, session, protocol)
  }

  /** Posts records under a number. */
  post(seq: number, records: unknown[], more: object = {}): Promise<Answer> {
    const lines = [{ session: this.id, seq, ack: this.ack, ...more }, ...records].map((one) =>
      JSON.stringify(one),
    )
    return request('POST', this.to, lines.join('\n'))
  }
  /** Posts messages as the next ones. */
  async say(...messages: object[]): Promise<void> {
    const { status } = await this.post(
      this.seq,
      messages.map((message) => JSON.stringify(message)),
    )
    if (status !== 200) throw new Error(`answered ${status}`)
    this.seq += messages.length
  }
  acknowledge(): Promise<Answer> {
    return this.post(this.seq, [])
  }

  /** Opens a stream from what is acknowledged; records of it are read from `next`. */
  async listen(): Promise<Answer> {
    const line = Line.open(this.to)
    this.stream = line
    line.write('POST', this.to, JSON.stringify({ session: this.id, down: 'stream', ack: this.ack }))
    return line.head()
  }
  /** Waits for a record that fits on the stream; each is counted. */
  async next(fits: (record: unknown) => boolean, label: string): Promise<unknown> {
    for (let from = this.records.length; ; from = this.records.length) {
      await this.stream?.until(() => this.gather() > 0 || this.stream?.ended === true, label)
      const found = this.records.slice(from).find(fits)
      if (found !== undefined) return found
      if (this.stream?.ended === true && this.records.length === from)
        throw new Error(`no ${label}; came: ${JSON.stringify(this.records)}`)
    }
  }
  /** Waits for a message of a type. */
  async got(type: string): Promise<Said> {
    const known = this.said.find((message) => message.type === type)
    if (known !== undefined) return known
    const text = await this.next(
      (record) => typeof record === 'string' && (JSON.parse(record) as Said).type === type,
      type,
    )
    return JSON.parse(text as string) as Said
  }
  get said(): Said[] {
    return this.records
      .filter((record) => typeof record === 'string')
      .map((record) => JSON.parse(record) as Said)
  }
  async poll(): Promise<unknown[]> {
    const { status, body } = await request(
      'POST',
      this.to,
      JSON.stringify({ session: this.id, down: 'poll', ack: this.ack }),
    )
    if (status !== 200) throw new Error(`answered ${status}`)
    const records = events(body)
    this.records.push(...records)
    this.ack += records.length
    return records
  }
  /** Loses the stream. */
  cut(): void {
    this.stream?.socket.destroy()
  }
  get ended(): boolean {
    return this.stream?.ended === true
  }

  private gather(): number {
    const { stream } = this
    if (stream === undefined) return 0
    const text = stream.text.toString()
    const end = text.lastIndexOf('\n\n') + 2
    if (end === 1) return 0
    const found = events(text.slice(0, end))
    stream.text = stream.text.subarray(Buffer.byteLength(text.slice(0, end)))
    this.records.push(...found)
    this.ack += found.length
    return found.length
  }
}

/** Sessions of a file's tests, which lose their streams when the test is over. */
export function useSessions(scope: { defer(end: () => void): void }): {
  session: typeof HttpSession.open
  streamed: typeof HttpSession.open
} {
  const session: typeof HttpSession.open = async (...to) => {
    const opened = await HttpSession.open(...to)
    scope.defer(() => opened.cut())
    return opened
  }
  const streamed: typeof HttpSession.open = async (...to) => {
    const opened = await session(...to)
    expect(await opened.listen()).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform' },
    })
    return opened
  }
  return { session, streamed }
}

function events(text: string): unknown[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as unknown)
}
