// A WebSocket to the eye, HTTP on the wire: a session of a hub with the option `fallback`, docs/protocol.md. Texts and
// bytes go up in posts, one at a time, numbered, so that a post that is made again is no duplicate; what comes down is
// streamed, or polled for where something on the way gathers answers.
import type { PlatformSocket } from './platform'
import { sizeOf } from './size'

export interface HttpLinkOptions {
  /** Milliseconds that a stream may take to begin. */
  patience: number
  /** Shared by the links of a client: streams do not pass here. */
  polls: { needed: boolean }
}

interface Answer {
  session: string
  protocol: string
  interval: number
  grace: number
  maxBody: number
}

/** A record on its way up: its line, and what the program counts of it. */
interface Up {
  line: string
  size: number
}

/** Bytes of one post, unless a message is longer. */
const mostUp = 256 * 1024
/** Characters that come down before they are acknowledged. */
const mostUnsaid = 64 * 1024
/** More than the first line of a post has. */
const headSize = 200
const firstDelay = 100
const longestDelay = 2_000
/** What browsers send with a page that is left behind. */
const mostKeepalive = 32 * 1024

/** Of a stream of bytes, what is used. */
interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array }>
  cancel(): Promise<unknown>
}

class Refused extends Error {
  constructor(readonly status: number) {
    super(`The server answered ${status}`)
  }
}

class HttpLink implements PlatformSocket {
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  binaryType = 'arraybuffer'
  onopen: PlatformSocket['onopen'] = null
  onmessage: PlatformSocket['onmessage'] = null
  onerror: PlatformSocket['onerror'] = null
  onclose: PlatformSocket['onclose'] = null
  private readonly url: string
  private session = ''
  private grace = 0
  private interval = 0
  private maxBody = Infinity
  /** When the server was heard last. */
  private heard = 0
  /** What has not gone up, and the number of its first record. */
  private queue: Up[] = []
  private seq = 0
  private posting = false
  /** Records that came down; characters of those that the server has not been told of. */
  private have = 0
  private unsaid = 0
  private ackDue = false
  private readonly requests = new Set<AbortController>()
  private readonly sleepers = new Set<() => void>()
  /** Streams that went silent. */
  private silent = 0

  constructor(
    url: string,
    private readonly protocols: readonly string[],
    private readonly options: HttpLinkOptions,
  ) {
    this.url = url.replace(/^ws/, 'http')
    void this.begin()
  }

  send(data: string | Uint8Array): void {
    if (this.readyState !== 1) return
    const size = sizeOf(data)
    const line = JSON.stringify(typeof data === 'string' ? data : ['binary', base64(data)])
    this.put({ line, size })
  }

  close(code?: number, reason = ''): void {
    if (this.readyState === 0) {
      this.readyState = 2
      for (const request of this.requests) request.abort()
    } else if (this.readyState === 1) {
      this.readyState = 2
      this.put({ line: JSON.stringify(code === undefined ? ['close'] : ['close', code, reason]), size: 0 })
    }
  }

  private put(up: Up): void {
    this.bufferedAmount += up.size
    this.queue.push(up)
    // What is sent together goes together.
    queueMicrotask(() => void this.post())
  }

  // --------------------------------------------------------------------------------------------------------- the session

  private async begin(): Promise<void> {
    try {
      const text = await this.ask({ protocols: this.protocols }, [], this.options.patience * 4)
      const answer = JSON.parse(text) as Answer
      if (typeof answer.session !== 'string') throw new Error('The answer is not of a hub')
      ;({ session: this.session, interval: this.interval, grace: this.grace, maxBody: this.maxBody } = answer)
      this.protocol = answer.protocol
    } catch (error) {
      const status = error instanceof Refused ? error.status : 0
      this.finish(1006, '', false, { message: String(error), status })
      return
    }
    this.heard = performance.now()
    if (this.readyState !== 0) {
      // It was given up meanwhile.
      this.put({ line: '["close"]', size: 0 })
      this.finish(1006, '', false)
      return
    }
    this.readyState = 1
    tell(this.onopen, {})
    void this.listen()
  }

  /** Nothing more is heard or said. */
  private finish(code: number, reason: string, wasClean: boolean, why?: object): void {
    if (this.readyState === 3) return
    this.readyState = 3
    for (const request of this.requests) request.abort()
    for (const wake of this.sleepers) wake()
    if (why !== undefined) tell(this.onerror, why)
    tell(this.onclose, { code, reason, wasClean, ...why })
  }

  /** Waits before another try. False: the session is lost. */
  private async again(delay: number, error: unknown): Promise<boolean> {
    if (this.readyState === 3) return false
    const final = error instanceof Refused && error.status < 500
    // So long the server keeps a session that it hears nothing of. Whatever was heard last, an interval may have passed since.
    if (final || performance.now() - this.heard > this.interval + this.grace) {
      this.finish(1006, '', false, { message: String(error) })
      return false
    }
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, delay)
      this.sleepers.add(wake)
    })
    return this.readyState !== 3
  }

  /** The whole answer. It has to begin in time, and then to go on. */
  private async ask(head: object, lines: string[], limit: number): Promise<string> {
    const request = new AbortController()
    const late = (): void => request.abort(new Error('The answer did not come in time'))
    let timer = setTimeout(late, limit)
    try {
      const response = await this.fetch(head, lines, request)
      let text = ''
      const more = (part: string): void => {
        text += part
        clearTimeout(timer)
        timer = setTimeout(late, limit)
        // What is refused may be so by something on the way.
        if (response.ok) this.heard = performance.now()
      }
      more('')
      await readAll(response, request.signal, more)
      if (!response.ok) throw new Refused(response.status)
      return text
    } finally {
      clearTimeout(timer)
      this.requests.delete(request)
    }
  }

  /** Milliseconds until an answer begins, which the server may keep for an interval: there is time for another try then. */
  private get limit(): number {
    return this.interval + this.grace / 2
  }

  /** The answer as soon as it begins. Until `request` is taken off `requests`, the end of the link aborts it. */
  private fetch(head: object, lines: string[], request: AbortController): Promise<Response> {
    this.requests.add(request)
    const body = [JSON.stringify(head), ...lines].join('\n')
    // By a name, since Node's types of `fetch` know no cache.
    const init = {
      method: 'POST',
      body,
      signal: request.signal,
      credentials: 'include',
      cache: 'no-store',
      redirect: 'error',
      // A page that is left behind still says goodbye.
      keepalive: this.readyState > 1 && body.length < mostKeepalive,
    } as const
    return fetch(this.url, init)
  }

  // -------------------------------------------------------------------------------------------------------------- upward

  private async post(): Promise<void> {
    if (this.posting) return
    this.posting = true
    let delay = firstDelay
    while ((this.queue.length > 0 || this.ackDue) && this.session !== '') {
      const batch: Up[] = []
      let bytes = headSize
      for (const up of this.queue) {
        const more = sizeOf(up.line) + 1
        if (batch.length > 0 && bytes + more > Math.min(mostUp, this.maxBody)) break
        bytes += more
        batch.push(up)
      }
      if (bytes > this.maxBody) {
        this.finish(1009, '', true)
        break
      }
      const ack = this.have
      this.ackDue = false
      try {
        const head = { session: this.session, seq: this.seq, ack }
        const lines = batch.map(({ line }) => line)
        await this.ask(head, lines, this.limit)
        this.seq += batch.length
        for (const { size } of this.queue.splice(0, batch.length)) this.bufferedAmount -= size
        delay = firstDelay
        if (this.readyState === 3) break
      } catch (error) {
        this.ackDue = true
        if (!(await this.again(delay, error))) break
        delay = Math.min(longestDelay, delay * 2)
      }
    }
    this.posting = false
  }

  // ------------------------------------------------------------------------------------------------------------ downward

  private async listen(): Promise<void> {
    let delay = firstDelay
    while (this.readyState !== 3) {
      const before = this.have
      try {
        if (this.options.polls.needed) await this.poll()
        else await this.stream()
        if (this.have === before) throw new Error('The answer was empty')
        delay = firstDelay
      } catch (error) {
        if (this.have > before) delay = firstDelay
        if (!(await this.again(delay, error))) return
        delay = Math.min(longestDelay, delay * 2)
      }
    }
  }

  private head(down: 'poll' | 'stream'): object {
    this.unsaid = 0
    return { session: this.session, down, ack: this.have }
  }

  private async poll(): Promise<void> {
    this.take(await this.ask(this.head('poll'), [], this.limit))
  }

  private async stream(): Promise<void> {
    const { patience, polls } = this.options
    const request = new AbortController()
    let begun = false as boolean
    const late = (): void => request.abort(new Error('The stream is kept back'))
    let timer = setTimeout(late, patience)
    try {
      const response = await this.fetch(this.head('stream'), [], request)
      if (!response.ok) throw new Refused(response.status)
      let text = ''
      await readAll(response, request.signal, (part) => {
        this.heard = performance.now()
        begun = true
        clearTimeout(timer)
        // A ping comes each interval.
        timer = setTimeout(late, this.interval + patience)
        text += part
        const end = text.lastIndexOf('\n') + 1
        this.take(text.slice(0, end))
        text = text.slice(end)
      })
    } catch (error) {
      if (request.signal.aborted && this.readyState !== 3) {
        polls.needed = !begun || ++this.silent > 1
      }
      throw error
    } finally {
      clearTimeout(timer)
      this.requests.delete(request)
    }
  }

  /** Whole lines of an event stream. */
  private take(text: string): void {
    for (const line of text.split('\n')) {
      if (!line.startsWith('data: ') || this.readyState === 3) continue
      this.have++
      this.unsaid += line.length
      const record = JSON.parse(line.slice(6)) as string | [string, (string | number)?, string?]
      if (typeof record === 'string') tell(this.onmessage, { data: record })
      else if (record[0] === 'binary') tell(this.onmessage, { data: bytesOf(record[1] as string) })
      else if (record[0] === 'ping') this.ackDue = true
      else if (record[0] === 'close') {
        const code = (record[1] as number | undefined) ?? 1005
        this.finish(code, record[2] ?? '', code !== 1006)
        // Nothing depends on it: the server waits no longer to say it again.
        this.ask({ session: this.session, seq: this.seq, ack: this.have }, [], this.grace).catch(
          () => undefined,
        )
        return
      }
    }
    if (this.unsaid >= mostUnsaid) this.ackDue = true
    if (this.ackDue && !this.options.polls.needed) {
      this.unsaid = 0
      void this.post()
    }
  }
}

/** Reads an answer to its end, as text; throws where it was aborted. */
async function readAll({ body }: Response, signal: AbortSignal, take: (text: string) => void): Promise<void> {
  if (body === null) return
  const reader = (body as { getReader(): Reader }).getReader()
  // An abort may leave a read waiting.
  const cancel = (): void => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', cancel)
  if (signal.aborted) cancel()
  const decoder = new TextDecoder()
  let ended = false
  while (!ended) {
    const { done, value } = await reader.read()
    signal.throwIfAborted()
    ended = done
    take(decoder.decode(value, { stream: !done }))
  }
}

function tell(handler: ((event: never) => unknown) | null, event: object): void {
  handler?.(event as never)
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  }
  return btoa(text)
}
function bytesOf(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer
}

/** Opens a link to the address of a WebSocket. It looks like one, but that close events tell the `status` of a refusal. */
export function httpLink(
  url: string,
  protocols: readonly string[],
  options: HttpLinkOptions,
): PlatformSocket {
  return new HttpLink(url, protocols, options)
}
