// The contract of adapters over RabbitMQ. It takes seconds to start, so it is killed once; the other times the way to it is.
import { connect } from 'amqplib'
import { type RabbitmqOptions, rabbitmqAdapter } from '../../lib/adapters/amqp'
import { ownAddress } from '../support/addresses'
import { useScope } from '../support/scope'
import { event, until } from '../support/waiters'
import { acrossProcesses } from './support/across-processes'
import { adapterContract, Node } from './support/adapter-contract'
import { Broker, ownPort } from './support/brokers'
import { Gate } from './support/gate'

const scope = useScope()
let broker: Broker
let gate: Gate
let kills = 0
let down = false

adapterContract(
  async () => {
    broker = await Broker.rabbit()
    gate = await Gate.before(broker, ownPort())
    return {
      adapter: (options) => rabbitmqAdapter({ url: `amqp://${ownAddress}:${gate.port}`, ...options }),
      kill: async () => {
        down = kills++ === 0
        await (down ? broker.kill() : gate.shut())
      },
      restart: () => (down ? broker.restart() : gate.open()),
      connections: () => broker.connections(),
    }
  },
  async () => {
    await gate.shut()
    await broker.stop()
  },
  { log: false },
)

acrossProcesses(() => ({ module: 'amqp', factory: 'rabbitmqAdapter', adapter: { url: broker.url } }), false)

async function started(options: RabbitmqOptions): Promise<Node> {
  const adapter = rabbitmqAdapter({ url: broker.url, ...options })
  const node = new Node(adapter)
  scope.defer(() => adapter.close())
  const found = event(node, 'connected')
  await adapter.start(node)
  await found
  return node
}

test('what a node does not read is refused above a bound, and its sender counts it', async () => {
  const slow = await Gate.before(broker, ownPort())
  scope.defer(() => slow.shut())
  const options = { exchange: 'backlog', maxBacklog: 10 }
  const [a, b] = [await started(options), await started(options)]
  const c = await started({ ...options, url: `amqp://${ownAddress}:${slow.port}` })
  await Promise.all([b, c].map(({ adapter }) => adapter.subscribe('x')))
  slow.stalled = true
  const text = 'x'.repeat(200_000)
  const seen = (): number => a.adapter.metrics().published + a.adapter.metrics().lost
  let said = 0
  while (a.adapter.metrics().lost === 0) {
    a.adapter.publish('x', text)
    said++
    await until(() => seen() === said)
  }
  // Others still hear everything.
  expect((await b.heard(said)).length).toBe(said)
  expect(a.reports).toEqual([])
})

test('an exchange that is not the adapter’s is left alone, and reported; so are addresses where nobody answers', async () => {
  const connection = await connect(broker.url)
  scope.defer(() => connection.close())
  const channel = await connection.createChannel()
  await channel.assertExchange('theirs', 'fanout', { durable: false })
  const nobody = `amqp://${ownAddress}:${ownPort()}`
  const adapter = rabbitmqAdapter({ url: [nobody, broker.url], exchange: 'theirs' })
  scope.defer(() => adapter.close())
  const node = new Node(adapter)
  await adapter.start(node)
  await until(() => node.reports.length === 2)
  expect(node.reports).toMatchObject([{ code: 'BROKER_UNAVAILABLE' }, { code: 'BROKER_UNAVAILABLE' }])
  expect(node.reports.map(({ message }) => /ECONNREFUSED|PRECONDITION_FAILED/.exec(message)?.[0])).toEqual([
    'ECONNREFUSED',
    'PRECONDITION_FAILED',
  ])
})

test('of several addresses the next is taken where nobody answers', async () => {
  const nobody = `amqp://${ownAddress}:${ownPort()}`
  await started({ url: [nobody, broker.url] })
})
