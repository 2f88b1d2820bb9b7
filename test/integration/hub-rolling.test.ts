// A rolling restart: three hub processes on one port over Redis Streams are replaced one after another while clients talk.
// Everybody gets everything that is said in its room, in order, once.
import { WebSocket as WsSocket } from 'ws'
import { WebSocketClient } from '../../lib'
import { event, until, within } from '../support/waiters'
import { HubProcess, type HubProcessOptions } from './support/hub-process'
import { brisk } from './support/managed'
import { Broker } from './support/brokers'

const rooms = 4
const members = 24
const speakers = 8

/** A number of a speaker's, as it is said. */
type Word = [speaker: number, number: number]

/** What somebody has heard: of each speaker the next number. */
class Hearing {
  readonly next = new Map<number, number>()
  readonly wrong: string[] = []
  heard = 0

  hear([speaker, number]: Word): void {
    const due = this.next.get(speaker) ?? 0
    if (number !== due) this.wrong.push(`${number} of ${speaker}, not ${due}`)
    this.next.set(speaker, number + 1)
    this.heard++
  }
}

/** A member of another make, which reconnects and resumes as docs/protocol.md says. */
class PlainMember extends Hearing {
  closes: number[] = []
  private at = {}
  private socket: WsSocket | undefined
  private ended = false

  constructor(
    private readonly url: string,
    private readonly room: string,
  ) {
    super()
  }

  /** Resolves when it is in its room. */
  async begin(): Promise<void> {
    const socket = new WsSocket(this.url, 'hawser.v1')
    this.socket = socket
    socket.on('error', () => {})
    const resumed = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        const { type, payload, epoch, offset } = JSON.parse(data.toString()) as {
          type: string
          payload: Word & { rooms: Record<string, object> }
          epoch: string
          offset: number
        }
        if (type === 'm') {
          this.hear(payload)
          this.at = { epoch, offset }
        } else if (type === 'resumed') {
          this.at = payload.rooms[this.room]
          resolve()
        } else if (type === 'resume_failed') this.wrong.push(data.toString())
      })
      socket.on('close', (code) => {
        this.closes.push(code)
        resolve()
        if (!this.ended) setTimeout(() => void this.begin(), 20)
      })
    })
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'resume', id: 'r', payload: { rooms: { [this.room]: this.at } } }))
    })
    await resumed
  }

  async end(): Promise<void> {
    this.ended = true
    const { socket } = this
    if (socket === undefined || socket.readyState === WsSocket.CLOSED) return
    const closed = event(socket, 'close')
    socket.terminate()
    await closed
  }
}

test('three processes on one port are replaced under load: complete, in order, once', async () => {
  const redis = await Broker.redis(false)
  const common: HubProcessOptions = {
    ...{ module: 'redis', factory: 'redisStreams', adapter: { url: redis.url }, port: 0 },
    // However slow the machine is, a node that starts finds Redis before it lets anybody in.
    hub: { history: { count: 10_000, bytes: 1 << 24 }, nodes: { patience: 600_000 } },
  }
  const first = await new HubProcess(common).start()
  const port = await first.ask<number>('port')
  const options = { ...common, port }
  const hubs = [first, await new HubProcess(options).start(), await new HubProcess(options).start()]
  const managed: WebSocketClient[] = []
  const plain: PlainMember[] = []
  try {
    const url = `ws://127.0.0.1:${port}`
    const hearings: { room: number; hearing: Hearing }[] = []
    for (let i = 0; i < members; i++) {
      const room = i % rooms
      const client = new WebSocketClient({ url, reconnect: brisk, queue: { retries: 100 } })
      managed.push(client)
      const hearing = new Hearing()
      hearings.push({ room, hearing })
      client.on('resume_failed', (failure) => hearing.wrong.push(JSON.stringify(failure)))
      client.on('m', ({ payload }) => hearing.hear(payload as Word))
      await client.connect()
      await client.joinRoom(`room${room}`)
    }
    for (let room = 0; room < rooms; room++) {
      const member = new PlainMember(url, `room${room}`)
      plain.push(member)
      hearings.push({ room, hearing: member })
      await member.begin()
    }

    const said = Array.from({ length: rooms }, () => 0)
    let talking = true
    const talk = async (speaker: number): Promise<void> => {
      const room = speaker % rooms
      for (let number = 0; talking; number++) {
        await managed[speaker].send('say', { to: `room${room}`, what: [speaker, number] }, { ack: true })
        said[room]++
      }
    }
    const talks = Array.from({ length: speakers }, (_, speaker) => talk(speaker))
    for (let i = 0; i < 3; i++) {
      const before = said.reduce((sum, n) => sum + n)
      const old = hubs[i]
      hubs[i] = await new HubProcess(options).start()
      await old.ask('close', { spread: 200, code: 1012 })
      expect(await old.ask('metrics')).toMatchObject({ connections: 0, told: [] })
      await old.kill()
      // The talk goes on with those that are left.
      await until(() => said.reduce((sum, n) => sum + n) > before)
    }
    talking = false
    await within(Promise.all(talks), 'acks')
    await within(
      until(() =>
        hearings.every(({ room, hearing }) => hearing.heard >= said[room] || hearing.wrong.length > 0),
      ),
      'last message of everybody',
    )
    expect(hearings.flatMap(({ hearing }) => hearing.wrong)).toEqual([])
    expect(hearings.map(({ hearing }) => hearing.heard)).toEqual(hearings.map(({ room }) => said[room]))
    // Nobody was dropped: all of them were told.
    expect(plain.flatMap(({ closes }) => closes.filter((code) => code !== 1012 && code !== 1006))).toEqual([])
    expect(managed.every((client) => client.state === 'connected')).toBe(true)
    expect(managed.some((client) => client.getPerformanceMetrics().reconnects > 0)).toBe(true)
  } finally {
    await Promise.all([...managed.map((client) => client.close()), ...plain.map((member) => member.end())])
    await Promise.all(hubs.map((hub) => hub.kill()))
    await redis.stop()
  }
})
