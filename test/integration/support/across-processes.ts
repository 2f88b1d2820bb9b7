// Hubs in processes of their own, connected by a real broker: `acrossProcesses(…)` in the test file of an adapter.
import { HubProcess, type HubProcessOptions } from './hub-process'
import { type Peer, useHubs } from './hubs'

/** @param log whether the broker keeps rooms */
export function acrossProcesses(
  adapter: () => Pick<HubProcessOptions, 'module' | 'factory' | 'adapter'>,
  log: boolean,
): void {
  const scope = useHubs()
  const hub = { nodes: { interval: 100, timeout: 1500, patience: 60_000 }, history: log }

  async function started(): Promise<HubProcess> {
    const one = new HubProcess({ ...adapter(), socketPath: scope.socketPath(), hub })
    scope.defer(() => one.kill())
    return one.start()
  }
  /** Two that have heard of each other, with a member of a room at each. */
  async function pair(room: string): Promise<{ a: HubProcess; b: HubProcess; ann: Peer; bob: Peer }> {
    const [a, b] = await Promise.all([started(), started()])
    const [ann, bob] = [await scope.peer(`${a.url}?token=ann`), await scope.peer(`${b.url}?token=bob`)]
    for (const peer of [ann, bob]) await peer.ask({ type: 'join', room })
    for (const one of [a, b]) while ((await one.ask<number>('size', room)) < 2);
    return { a, b, ann, bob }
  }
  const numbers = (peer: Peer): unknown[] => peer.of('m').map(({ payload }) => payload as unknown)
  const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, i) => from + i)

  test('hubs of two processes: a room, presence, and the death of one', async () => {
    const { a, b, ann, bob } = await pair('r')
    for (let i = 0; i < 100; i++) ann.say({ type: 'say', payload: { to: 'r', what: i } })
    for (const peer of [ann, bob]) {
      await peer.got('m', 100)
      expect(numbers(peer)).toEqual(upTo(100))
    }
    await b.kill()
    const [left] = await ann.got('user_left')
    expect(left).toMatchObject({ room: 'r', payload: { userId: 'bob' } })
    await a.ask('send', 'r', 'alone')
    await ann.got('m', 101)
  })

  if (!log) return
  test('who was at a process that died resumes at another, without a gap', async () => {
    const { a, b, ann } = await pair('kept')
    await b.ask('send', 'kept', 0)
    const [{ epoch, offset }] = await ann.got('m')
    expect(offset).toBe(1)
    await a.kill()
    await ann.end()
    for (let i = 1; i < 50; i++) await b.ask('send', 'kept', i)
    const resume = async (one: HubProcess, from: number): Promise<Peer> => {
      const peer = await scope.peer(`${one.url}?token=ann`)
      const rooms = { kept: { epoch, offset: from } }
      expect(await peer.ask({ type: 'resume', payload: { rooms } })).toMatchObject({
        type: 'resumed',
        payload: { rooms },
      })
      await peer.got('m', 50 - from)
      expect(numbers(peer)).toEqual(upTo(50, from))
      return peer
    }
    await resume(b, offset)
    // Also at one that was not there when it was said.
    await b.kill()
    await resume(await started(), 40)
  })
}
