// Rooms through a log under random faults: nodes are cut off, the broker ends and comes back with or without what it held,
// answers are lost, peers come back elsewhere. Whatever happens: within an epoch nothing is missing that nobody was told of,
// nothing comes twice, and everybody means the same message by a place.
import type { Hub, HubAdapter } from '../../lib'
import { Random } from '../support/random'
import { turns, until } from '../support/waiters'
import { Peer, type Said, useHubs } from './support/hubs'
import { MemoryBroker } from './support/memory-broker'

const scope = useHubs()
const rooms = ['r', 's']
type Node = { hub: Hub; url: string; adapter: HubAdapter; cut: boolean }
type Place = { epoch: string; offset: number }

/** A peer that comes back, and what it was told in each room over all its connections. */
class Member {
  peer!: Peer
  readonly heard = new Map<string, Said[]>(rooms.map((room) => [room, []]))
  private readonly stands = new Map<string, Place>()
  private taken = 0
  constructor(readonly stays: boolean) {}

  async connect(url: string): Promise<void> {
    this.peer = await Peer.ws(url)
    this.taken = 0
    if (this.stands.size === 0) {
      for (const room of rooms) await this.peer.ask({ type: 'join', room })
    } else await this.peer.ask({ type: 'resume', payload: { rooms: Object.fromEntries(this.stands) } })
  }

  /** Takes what has come. */
  take(): void {
    for (const said of this.peer.said.slice(this.taken)) {
      const { payload } = said as { payload?: { rooms?: Record<string, Partial<Place>> } & Partial<Place> }
      if (said.type === 'm') this.at(said.room as string, said as unknown as Place, said)
      else if (said.type === 'joined') this.at(said.room as string, payload as Place)
      else if (said.type === 'resume_failed') {
        for (const [room, failure] of Object.entries(payload?.rooms ?? {})) {
          this.at(room, failure as Place, { ...said, ...failure })
        }
      }
    }
    this.taken = this.peer.said.length
  }
  private at(room: string, { epoch, offset }: Place, said?: Said): void {
    this.stands.set(room, { epoch, offset })
    if (said !== undefined) this.heard.get(room)?.push(said)
  }
}

/** What is wrong with what a member was told in a room, or undefined. */
function fault(heard: readonly Said[], meaning: Map<string, string>): string | undefined {
  /** Of each epoch the highest offset; an epoch may come back after others. */
  const reached = new Map<string, number>()
  const ids = new Map<string, string>()
  for (const { type, epoch, offset, id } of heard as (Said & Place & { id: string })[]) {
    if (type === 'resume_failed') {
      // From here on everything above follows; what was kept of the epoch may come again.
      reached.set(epoch, offset)
      continue
    }
    const before = reached.get(epoch)
    if (before !== undefined && offset !== before + 1) return `${epoch}: ${offset} behind ${before}`
    reached.set(epoch, offset)
    const place = `${epoch} ${offset}`
    if ((meaning.get(place) ?? id) !== id) return `${place} is ${id} and ${meaning.get(place) ?? ''}`
    meaning.set(place, id)
    const copy = ids.get(`${epoch} ${id}`)
    if (copy !== undefined && copy !== place) return `${id} at ${copy} and ${place}`
    ids.set(`${epoch} ${id}`, place)
  }
  return undefined
}

async function round(random: Random, forgets: boolean): Promise<void> {
  const broker = new MemoryBroker()
  const nodes: Node[] = []
  for (let i = 0; i < 3; i++) {
    const adapter = broker.adapter()
    const patience = [0, 3, 600_000][random.below(3)]
    const options = { history: { count: 1000 }, notices: false, nodes: { patience }, adapter }
    const one = await scope.hub(options)
    one.hub.on('error', () => {})
    nodes.push({ ...one, adapter, cut: false })
  }
  await until(() => nodes.every(({ adapter }) => adapter.metrics().connected))
  const members: Member[] = []
  for (let i = 0; i < 6; i++) {
    const member = new Member(i < 3)
    await member.connect(nodes[i % 3].url)
    members.push(member)
  }
  scope.defer(() => members.forEach(({ peer }) => peer.drop()))
  const kept = new Set<string>()
  const uncarried = new Set<string>()
  const pending: Promise<unknown>[] = []
  let sent = 0
  const say = ({ hub }: Node, room: string): void => {
    const name = `${++sent}`
    pending.push(
      hub
        .to(room)
        .post('m', name)
        .then(
          () => kept.add(`${room} ${name}`),
          () => uncarried.add(room),
        ),
    )
  }
  for (let step = 0; step < 120; step++) {
    const node = nodes[random.below(3)]
    const what = random.below(20)
    if (what < 12) say(node, rooms[random.below(2)])
    else if (what === 12) broker.loseAnswers = 1
    else if (what === 13 && broker.up) broker.stop()
    else if (what === 14 && !broker.up) {
      const empty = forgets && random.below(2) === 0
      if (empty) kept.clear()
      broker.restart({ empty })
    } else if (what === 15 && !node.cut) {
      node.cut = true
      broker.cut(node.adapter)
    } else if (what === 16 && node.cut && broker.up) {
      node.cut = false
      broker.mend(node.adapter)
    } else if (what === 17) {
      const member = members[3 + random.below(3)]
      member.take()
      member.peer.drop()
      // Where nobody may wait for ever.
      if (broker.up && !node.cut) await member.connect(node.url)
      else await member.connect(nodes[0].url)
    } else await turns(random.below(6))
  }
  broker.loseAnswers = 0
  if (!broker.up) broker.restart()
  for (const node of nodes) if (node.cut) broker.mend(node.adapter)
  await Promise.all(pending)
  for (const node of nodes) for (const room of rooms) await node.hub.to(room).post('m', `end ${room}`)
  for (const { peer } of members)
    await peer.until(
      () => peer.said.filter(({ payload }) => /^end/.test(String(payload))).length === 6,
      'the end',
    )

  const meaning = new Map<string, string>()
  for (const [i, member] of members.entries()) {
    member.take()
    for (const room of rooms) {
      const heard = member.heard.get(room) ?? []
      expect([i, room, fault(heard, meaning)]).toEqual([i, room, undefined])
      // Something is not in the log: nobody may think that it has all.
      const told = heard.some(({ type }) => type === 'resume_failed')
      if (uncarried.has(room)) expect([i, room, told]).toEqual([i, room, true])
      // Who stayed has everything that the log has.
      const got = new Set(heard.map(({ payload }) => `${room} ${String(payload)}`))
      const missing = [...kept].filter((one) => one.startsWith(room) && !got.has(one))
      if (member.stays && !forgets) expect([i, missing]).toEqual([i, []])
    }
  }
  const [last] = members.map(({ heard }) => heard.get('r')?.at(-1) as Said)
  for (const { heard } of members)
    expect(heard.get('r')?.at(-1)).toMatchObject({ epoch: last.epoch, offset: last.offset })
}

test.each([[false], [true]])(
  'within an epoch nothing is missing and nothing comes twice (the broker forgets: %s)',
  async (forgets) => {
    const random = new Random()
    for (let i = 0; i < Number(process.env['R'] ?? 20); i++) {
      await round(random, forgets)
      await scope.close()
    }
  },
)
