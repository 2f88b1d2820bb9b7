// Messages that only the next frame of a page waits for: the portable engine leaves them unread until then, or until
// anything else happens to the client. Nobody can tell but by the time.
import type { EngineEvents, ReadNow, RouteSpec } from '../../lib/client/engine'
import { plain } from '../../lib/client/outgoing'
import { PortableEngine } from '../../lib/client/portable/portable-engine'
import { readPortableOptions } from '../../lib/client/portable/portable-options'

/** A platform's socket whose messages say when they are read. */
class Socket {
  static last: Socket
  static read: string[] = []
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((how: object) => void) | null = null
  constructor() {
    Socket.last = this
    Socket.read = []
  }
  send(): void {
    // What the client says is of no interest.
  }
  close(): void {
    this.end()
  }
  end(): void {
    this.readyState = 3
    this.onclose?.({ code: 1000, reason: '', wasClean: true })
  }
  open(): void {
    this.readyState = 1
    this.onopen?.()
  }
  says(message: object): void {
    const text = JSON.stringify(message)
    const event = {
      get data(): string {
        Socket.read.push(text)
        return text
      },
    }
    this.onmessage?.(event)
  }
}

const engines: PortableEngine[] = []
afterEach(() => {
  for (const engine of engines.splice(0)) engine.dispose()
})

/** An open client with these routes, what it has told, and how it has what is unread read. */
async function opened(
  routes: RouteSpec[],
  atOnce = false,
): Promise<{
  engine: PortableEngine
  socket: Socket
  told: string[]
  readNow: () => void
}> {
  const told: string[] = []
  let readNow: ReadNow | undefined
  const events = {
    message: (ids: readonly number[], message: object | ReadNow) => {
      if (typeof message === 'function') {
        readNow = message as ReadNow
        if (atOnce) readNow()
      } else told.push(`${ids.join()}:${(message as { n: number }).n}`)
    },
    state: ({ state }: { state: string }) => told.push(state),
    reply: (token: number) => told.push(`reply ${token}`),
    untyped: (text: string) => told.push(text),
    dropped: () => undefined,
    settled: () => undefined,
    closed: () => undefined,
  } as unknown as EngineEvents
  const options = readPortableOptions(
    { url: 'ws://127.0.0.1:1/', hawser: false, reconnect: false, WebSocket: Socket as never },
    'the portable engine',
  )
  const engine = new PortableEngine(options, options.portable, events)
  engines.push(engine)
  routes.forEach((spec, at) => engine.addRoute(at + 1, spec))
  engine.connect()
  Socket.last.open()
  // Messages are taken from the turn after the first connection on.
  await new Promise((resolve) => setTimeout(resolve))
  await new Promise((resolve) => setTimeout(resolve))
  told.length = 0
  return { engine, socket: Socket.last, told, readNow: () => readNow?.() }
}
const tick = (n: number): object => ({ type: 'tick', n })
const forFrames: RouteSpec = { pattern: 'tick', frames: true }

test('they are read when the handler asks, all and in their order', async () => {
  const { socket, told, readNow } = await opened([forFrames, { pattern: 't*', frames: true }])
  for (let n = 0; n < 3; n++) socket.says(tick(n))
  expect(Socket.read).toEqual([])
  readNow()
  expect(told).toEqual(['1:0', '1:1', '1:2'])
  socket.says(tick(3))
  expect(told).toHaveLength(3)
  readNow()
  expect(told).toEqual(['1:0', '1:1', '1:2', '1:3'])
})

test('a handler may have them read as soon as it hears of one', async () => {
  const { socket, told } = await opened([forFrames], true)
  for (let n = 0; n < 3; n++) {
    socket.says(tick(n))
    expect(Socket.read).toHaveLength(n + 1)
  }
  expect(told).toEqual(['1:0', '1:1', '1:2'])
})

test('no more than a bound of them waits, by what the last ones weighed', async () => {
  const { socket, told, readNow } = await opened([forFrames])
  const waits = (message: (n: number) => object): number => {
    readNow()
    const before = Socket.read.length
    let count = 0
    while (Socket.read.length === before) socket.says(message(count++))
    return count
  }
  expect(waits(tick)).toBe(512)
  expect(told).toHaveLength(512)
  expect(waits(tick)).toBeGreaterThan(480)
  const large = (n: number): object => ({ ...tick(n), text: '#'.repeat(100_000) })
  socket.says(large(0))
  expect(waits(large)).toBe(11)
  for (let n = 0; n < 100; n++) waits(tick)
  expect(waits(tick)).toBeGreaterThan(480)
})

test.each<[string, (engine: PortableEngine) => void]>([
  ['a call of the program', (engine) => void engine.send({ ...plain, data: '{}' })],
  ['another route', (engine) => engine.addRoute(2, { pattern: '*' })],
  ['the end of the route', (engine) => engine.removeRoute(1)],
])('%s comes behind what came before it', async (_what, call) => {
  const { engine, socket, told } = await opened([forFrames])
  socket.says(tick(0))
  call(engine)
  // Nothing is told inside of the call.
  expect(Socket.read).toHaveLength(1)
  expect(told).toEqual([])
  await Promise.resolve()
  expect(told).toEqual(['1:0'])
})

test('the end of the connection comes behind them', async () => {
  const { socket, told } = await opened([forFrames])
  socket.says(tick(0))
  socket.end()
  expect(told[0]).toBe('1:0')
  expect(told).toHaveLength(2)
})

test.each<[string, RouteSpec[], (engine: PortableEngine) => void]>([
  ['another route wants it at once', [forFrames, { pattern: 'other' }], () => undefined],
  ['texts without a type are listened to', [forFrames], (engine) => engine.interest(true, false, false)],
  ['bytes are listened to', [forFrames], (engine) => engine.interest(false, true, false)],
  ['nothing is subscribed to', [], () => undefined],
])('a message is read when it comes where %s', async (_why, routes, before) => {
  const { engine, socket } = await opened(routes)
  before(engine)
  socket.says(tick(0))
  expect(Socket.read).toHaveLength(1)
})

test('a reply that the program waits for is not kept waiting', async () => {
  const { engine, socket, told, readNow } = await opened([forFrames])
  engine.send({ ...plain, data: '{}', id: 'q', token: 7, requestTimeout: 1000 })
  await Promise.resolve()
  socket.says(tick(0))
  socket.says({ type: 'reply', correlationId: 'q', n: 1 })
  expect(told).toEqual(['1:0', 'reply 7'])
  await Promise.resolve()
  socket.says(tick(1))
  readNow()
  expect(told).toEqual(['1:0', 'reply 7', '1:1'])
})
