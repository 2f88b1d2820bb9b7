// Hubs in processes of their own, connected by a real broker: `acrossProcesses(…)` in the test file of an adapter.
import { Child } from '../../support/child'
import { type Peer, useHubs } from './hubs'

/** How a process gets its adapter. */
export interface AdapterCall {
  /** Subpath of the package, below `adapters`. */
  module: string
  name: string
  options: object
}

const script = (call: AdapterCall, log: boolean): string => `
  const { dirname, join } = require('node:path')
  const adapters = require(join(dirname(process.env.HAWSER_ENTRY), 'adapters/${call.module}'))
  const adapter = adapters.${call.name}(${JSON.stringify(call.options)})
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const hub = new hawser.Hub(server, {
    adapter,
    auth: { verify: (_request, token) => token && { userId: token }, required: false },
    nodes: { interval: 100, timeout: 1500 },
    history: ${log},
    notices: true,
  })
  hub.on('error', (error) => say('error', error.code, error.message))
  hub.on('chat', (payload, ctx, message) => hub.to(message.room).send('chat', payload))
  hub.on('all', (payload) => hub.broadcast('all', payload))
  await once(server, 'listening')
  say('url', 'ws://127.0.0.1:' + server.address().port + '/')
  let nodes = 0
  setInterval(() => {
    if (hub.metrics().nodes !== nodes) say('nodes', (nodes = hub.metrics().nodes))
  }, 5)
`

/** @param log whether rooms are kept by the broker */
export function acrossProcesses(adapter: () => AdapterCall, log: boolean): void {
  const scope = useHubs()

  async function processes(count: number): Promise<{ child: Child; url: string }[]> {
    const children = Array.from({ length: count }, () => new Child(script(adapter(), log)))
    for (const child of children) scope.defer(() => child.kill())
    const found = await Promise.all(
      children.map(async (child) => ({ child, url: (await child.says(/url (\S+)/))[1] })),
    )
    await Promise.all(children.map((child) => child.says(new RegExp(`nodes ${count}\\n`))))
    return found
  }
  const numbers = (peer: Peer, type: string): unknown[] =>
    peer.of(type).map(({ payload }) => payload as unknown)

  test('hubs of two processes: rooms, broadcasts, and the death of one', async () => {
    const [a, b] = await processes(2)
    const [ann, bob] = [await scope.peer(`${a.url}?token=ann`), await scope.peer(`${b.url}?token=bob`)]
    for (const peer of [ann, bob]) await peer.ask({ type: 'join', room: 'r' })
    await ann.until(() => ann.of('user_joined').length > 0, 'news of bob')
    for (let i = 0; i < 100; i++) ann.say({ type: 'chat', room: 'r', payload: i })
    const hundred = Array.from({ length: 100 }, (_, i) => i)
    for (const peer of [ann, bob]) {
      await peer.got('chat', 100)
      expect(numbers(peer, 'chat')).toEqual(hundred)
    }
    bob.say({ type: 'all', payload: 'hello' })
    for (const peer of [ann, bob]) await peer.got('all')
    b.child.kill()
    const [left] = await ann.got('user_left')
    expect(left).toMatchObject({ room: 'r', payload: { userId: 'bob' } })
    ann.say({ type: 'chat', room: 'r', payload: 100 })
    await ann.got('chat', 101)
  })

  if (!log) return
  test('who was at a process that died resumes at another, without a gap', async () => {
    const [a, b] = await processes(2)
    const [ann, bob] = [await scope.peer(`${a.url}?token=ann`), await scope.peer(`${b.url}?token=bob`)]
    for (const peer of [ann, bob]) await peer.ask({ type: 'join', room: 'kept' })
    bob.say({ type: 'chat', room: 'kept', payload: 0 })
    const [{ epoch, offset }] = await ann.got('chat')
    expect(offset).toBe(1)
    a.child.kill()
    await ann.end()
    for (let i = 1; i < 50; i++) bob.say({ type: 'chat', room: 'kept', payload: i })
    await bob.got('chat', 50)
    const again = await scope.peer(`${b.url}?token=ann`)
    const answer = await again.ask({ type: 'resume', payload: { rooms: { kept: { epoch, offset } } } })
    expect(answer).toMatchObject({ type: 'resumed', payload: { rooms: { kept: { epoch, offset } } } })
    await again.got('chat', 49)
    expect(numbers(again, 'chat')).toEqual(Array.from({ length: 49 }, (_, i) => i + 1))
    // Also at one that was not there when it was said.
    b.child.kill()
    const c = new Child(script(adapter(), log))
    scope.defer(() => c.kill())
    const third = await scope.peer(`${(await c.says(/url (\S+)/))[1]}?token=ann`)
    const later = await third.ask({ type: 'resume', payload: { rooms: { kept: { epoch, offset: 40 } } } })
    expect(later).toMatchObject({ type: 'resumed', payload: { rooms: { kept: { epoch, offset: 40 } } } })
    await third.got('chat', 10)
    expect(numbers(third, 'chat')).toEqual(Array.from({ length: 10 }, (_, i) => i + 40))
  })
}
