// The contract of adapters over RabbitMQ. It takes seconds to start, so it is killed once; the other times the way to it is.
import { rabbitmqAdapter } from '../../lib/adapters/amqp'
import { ownAddress } from '../support/addresses'
import { acrossProcesses } from './support/across-processes'
import { adapterContract } from './support/adapter-contract'
import { Broker, ownPort } from './support/brokers'
import { Gate } from './support/gate'

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
