// `hawser connect --hub`: a managed client, which says envelopes, joins rooms and asks requests.
import type { ManagedClientOptions } from '../client/client-options'
import { WebSocketClient } from '../client/websocket-client'
import { exits, inWords } from './command'
import { type Peer, MistypedLine, never } from './conversation'
import type { Report } from './report'

export interface HubPeerOptions {
  client: ManagedClientOptions
  rooms: readonly string[]
  requests: readonly string[]
  /** Messages wait for their acks. */
  ack: boolean
}

export const hubCommands = `With --hub a line is TYPE[@ROOM] [PAYLOAD], where a payload that is no JSON is a text: chat@lobby {"text":"hello"}
Its commands, in pipes too:
  /request TYPE[@ROOM] [PAYLOAD]   /join ROOM   /leave ROOM   /rooms   /state   /metrics   /close`

export interface Said {
  type: string
  room: string | undefined
  payload: unknown
}

/** `type@room payload`. Throws MistypedLine. */
export function readSaid(line: string): Said {
  const [, head, rest] = /^(\S*)\s*([^]*)$/.exec(line) ?? []
  const at = head.indexOf('@')
  const type = at < 0 ? head : head.slice(0, at)
  const room = at < 0 ? undefined : head.slice(at + 1)
  if (type === '' || room === '') throw new MistypedLine(`'${line}' is not TYPE[@ROOM] [PAYLOAD]`)
  return { type, room, payload: rest === '' ? undefined : valueOf(rest) }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export class HubPeer implements Peer {
  readonly ended: Promise<number>
  private end: (code: number) => void = () => {}
  private readonly client: WebSocketClient

  constructor(
    private readonly options: HubPeerOptions,
    private readonly report: Report,
  ) {
    this.ended = new Promise((resolve) => (this.end = resolve))
    this.client = new WebSocketClient(options.client)
    this.listen()
  }

  async open(): Promise<void> {
    await this.client.connect().catch(() => never)
    for (const room of this.options.rooms) await this.join(room)
    for (const line of this.options.requests) await this.request(line)
  }

  async take(message: string | Buffer): Promise<void> {
    if (typeof message !== 'string') {
      if (!this.client.sendBinary(message)) await this.client.drained()
      return
    }
    if (message === '') return
    if (message.startsWith('/')) {
      await this.command(message)
      return
    }
    const { type, room, payload } = readSaid(message)
    const options = room === undefined ? {} : { room }
    try {
      if (this.options.ack) await this.client.send(type, payload, { ...options, ack: true })
      else if (!this.client.send(type, payload, options)) await this.client.drained()
    } catch (error) {
      throw new MistypedLine(inWords(error))
    }
  }

  async close(): Promise<void> {
    await this.client.close()
    this.end(exits.ok)
  }

  private listen(): void {
    const { client, report } = this
    client.on('*', (message) => report.value(message))
    client.on('message', (text) => report.message(text))
    client.on('binary', (data) => report.message(data))
    client.on('error', (error) => {
      report.event('error', { code: error.code, message: error.message }, inWords(error), true)
    })
    client.on('resume_failed', (failure) => {
      const { room, reason, joined } = failure
      const words = joined ? `lost messages of ${room}` : `not in ${room} any more`
      report.event('resume_failed', failure, `${words}: ${reason}`, true)
    })
    client.onStateChange((state, { url, protocol, nextDelay, error }) => {
      const facts = {
        ...(state === 'connected' ? { url, protocol } : {}),
        ...(state === 'reconnecting' ? { delay: nextDelay } : {}),
        ...(error === undefined ? {} : { code: error.code, message: error.message }),
      }
      const more = state === 'connected' ? ` to ${url}${protocol === '' ? '' : ` (${protocol})`}` : ''
      // An error has an event of its own.
      report.event(state, facts, `${state}${more}`)
      if (state === 'failed') this.end(exits.failure)
      if (state === 'disconnected') this.end(exits.ok)
    })
  }

  private async join(room: string): Promise<void> {
    await this.client.joinRoom(room)
    this.report.event('joined', { room }, `joined ${room}`)
  }

  private async request(line: string): Promise<void> {
    const { type, room, payload } = readSaid(line)
    const reply: unknown = await this.client.request(type, payload, room === undefined ? {} : { room })
    this.report.value(reply ?? null)
  }

  private async command(line: string): Promise<void> {
    const [, name, rest] = /^\/(\S*)\s*([^]*)$/.exec(line) ?? []
    const { client, report } = this
    try {
      if (name === 'request') await this.request(rest)
      else if (name === 'join') await this.join(rest)
      else if (name === 'leave') {
        await client.leaveRoom(rest)
        report.event('left', { room: rest }, `left ${rest}`)
      } else if (name === 'rooms') {
        report.event(
          'rooms',
          { rooms: client.joinedRooms },
          `in ${client.joinedRooms.join(', ') || 'no room'}`,
        )
      } else if (name === 'state') {
        const { state, url, reconnectAttempts } = client.getConnectionInfo()
        report.event('state', { state, url, reconnectAttempts }, `${state} ${url}`)
      } else if (name === 'metrics') {
        const metrics = client.getPerformanceMetrics()
        const words = Object.entries(metrics).map(([key, value]) => `  ${key} ${value}`)
        report.event('metrics', metrics, ['metrics', ...words].join('\n'))
      } else if (name === 'close') await this.close()
      else {
        const known = '/request, /join, /leave, /rooms, /state, /metrics, /close'
        throw new MistypedLine(`there is no command /${name}: ${known}`)
      }
    } catch (error) {
      throw error instanceof MistypedLine ? error : new MistypedLine(`/${name}: ${inWords(error)}`)
    }
  }
}
